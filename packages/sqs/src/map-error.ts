import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import { type ErrorCode, IntermodalError } from '@intermodal/core/driver';

/**
 * `final`: no waiting mends it. `passing`: the service said no, and may say yes later. `uncertain`: the same, but the
 * request may have been carried out all the same.
 */
type Kind = 'final' | 'passing' | 'uncertain';

interface Meaning {
  readonly code: ErrorCode;
  readonly kind: Kind;
  /** What happened and what to do. */
  readonly text: string;
}

/** Errors of the service by names and codes, without prefixes. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
const table: readonly (readonly [ErrorCode, Kind, string, string])[] = [
  [
    'permission-denied',
    'final',
    'access was denied: see the permissions in the README of @intermodal/sqs',
    `AccessDenied AccessDeniedException InvalidSecurity OptInRequired NotAuthorized UnauthorizedOperation
       KmsAccessDenied KMS.AccessDeniedException KmsOptInRequired KMS.OptInRequired`,
  ],
  [
    'permission-denied',
    'final',
    'the credentials were not accepted: check the access key, the region and the clock',
    `InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch InvalidSignatureException AuthFailure
       IncompleteSignature MissingAuthenticationToken MissingAuthenticationTokenException InvalidAccessKeyId`,
  ],
  [
    'permission-denied',
    'final',
    'the AWS SDK found no credentials: give some, or set them in its environment',
    'CredentialsProviderError TokenProviderError',
  ],
  [
    'unavailable',
    'passing',
    'the credentials or the clock are out of date: their provider must bring newer ones',
    'ExpiredToken ExpiredTokenException RequestExpired RequestInTheFuture RequestTimeTooSkewed',
  ],
  [
    'not-found',
    'final',
    'there is no such queue, or it may not be seen: provision it, or check name, account and region',
    'QueueDoesNotExist NonExistentQueue ResourceNotFoundException',
  ],
  [
    'throttled',
    'passing',
    'the service throttles this caller',
    `RequestThrottled RequestThrottledException ThrottlingException Throttling ThrottledException SlowDown
       TooManyRequestsException RequestLimitExceeded BandwidthLimitExceeded PurgeQueueInProgress`,
  ],
  [
    'throttled',
    'passing',
    'KMS throttles the key of the queue: raise dataKeyReuseSeconds',
    'KmsThrottled KMS.ThrottlingException',
  ],
  [
    'throttled',
    'passing',
    'too many messages are in flight: more can be received once some are settled',
    'OverLimit',
  ],
  [
    'lease-lost',
    'final',
    'the receipt handle is not valid any more: the message will come again, or has been settled',
    'ReceiptHandleIsInvalid MessageNotInflight',
  ],
  [
    'rejected',
    'final',
    'the KMS key of the queue cannot be used: check that it exists and is enabled',
    `KmsDisabled KMS.DisabledException KmsInvalidState KMS.InvalidStateException KMS.KMSInvalidStateException
       KmsInvalidKeyUsage KMS.InvalidKeyUsageException KmsNotFound KMS.NotFoundException`,
  ],
  [
    'invalid-message',
    'final',
    'the message holds characters that SQS does not take',
    'InvalidMessageContents',
  ],
  ['too-large', 'final', 'the batch is larger than the service takes', 'BatchRequestTooLong'],
  [
    'invalid-argument',
    'final',
    'the service refused a parameter',
    `InvalidAddress InvalidAttributeName InvalidAttributeValue InvalidIdFormat InvalidParameterValue
       InvalidParameterCombination MissingParameter ValidationError ValidationException SerializationException
       TooManyEntriesInBatchRequest EmptyBatchRequest BatchEntryIdsNotDistinct InvalidBatchEntryId`,
  ],
  [
    'unsupported',
    'final',
    'the service does not know this operation',
    'UnsupportedOperation UnknownOperationException UnknownOperation InvalidAction NotImplemented',
  ],
  [
    'mismatch',
    'final',
    'a queue of this name exists with other attributes',
    'QueueNameExists QueueAlreadyExists',
  ],
  [
    'unavailable',
    'passing',
    'a queue of this name was deleted less than 60 seconds ago: create it again after that time',
    'QueueDeletedRecently',
  ],
  [
    'unavailable',
    'uncertain',
    'the service failed',
    'InternalError InternalFailure InternalServerError ServiceUnavailable ServiceUnavailableException',
  ],
  [
    'timeout',
    'uncertain',
    'no answer came in time',
    'AbortError RequestTimeout RequestTimeoutException',
  ],
];

const meanings: ReadonlyMap<string, Meaning> = new Map(
  table.flatMap(([code, kind, text, names]) =>
    names.split(/\s+/).map((name) => [name, { code, kind, text }] as const),
  ),
);

const cut: Meaning = {
  code: 'unavailable',
  kind: 'uncertain',
  text: 'the connection broke before the answer',
};
const unreachable: Meaning = {
  code: 'unavailable',
  kind: 'passing',
  text: 'the service cannot be reached: check endpoint, region and network',
};
const untrusted: Meaning = {
  code: 'unavailable',
  kind: 'final',
  text: 'the TLS certificate of the endpoint is not trusted',
};
const unknown: Meaning = {
  code: 'unknown',
  kind: 'uncertain',
  text: 'the request failed in a way that is not known',
};
/** Status codes of answers whose error has no name in the table: a proxy's, for instance. */
const byStatus: ReadonlyMap<number, string> = new Map([
  [401, 'AccessDenied'],
  [403, 'AccessDenied'],
  [404, 'UnknownOperation'],
  [408, 'RequestTimeout'],
  [413, 'BatchRequestTooLong'],
  [429, 'RequestThrottled'],
]);

/** Members that errors of the SDK, of its HTTP handler and of Node have; none is certain. */
interface Native {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly syscall?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly attempts?: number;
    readonly clockSkewCorrected?: boolean;
  };
}

export interface MappedError {
  readonly error: IntermodalError;
  /** Whether a send that failed so may have arrived. */
  readonly certainty: 'rejected' | 'unknown';
}

/** Of anything that the SDK throws. The native message is left out, since it may quote the request. */
export function mapError(cause: unknown, place: string): MappedError {
  if (IntermodalError.is(cause)) return { error: cause, certainty: 'rejected' };
  const native = (typeof cause === 'object' && cause !== null ? cause : {}) as Native;
  const meaning = meaningOf(native);
  // A client that retries by itself does not tell what its earlier attempts came to.
  const isUncertain = meaning.kind === 'uncertain' || (native.$metadata?.attempts ?? 1) > 1;
  const name = [native.name, native.code, native.Code].find(isName);
  return {
    error: errorOf(meaning, name, place, cause),
    certainty: isUncertain ? 'unknown' : 'rejected',
  };
}

/** Of one entry of a batch that the service answered. */
export function mapEntryError(entry: BatchResultErrorEntry, place: string): MappedError {
  const known = meanings.get(plain(entry.Code));
  const meaning: Meaning = isExpiredHandle(entry)
    ? (meanings.get('ReceiptHandleIsInvalid') ?? unknown)
    : (known ?? {
        code: entry.SenderFault === true ? 'rejected' : 'unavailable',
        kind: entry.SenderFault === true ? 'final' : 'passing',
        text: 'the service refused the entry',
      });
  return {
    error: errorOf(meaning, entry.Code, place, entry),
    certainty: meaning.kind === 'uncertain' ? 'unknown' : 'rejected',
  };
}

/** A FIFO queue says so of a handle whose time is over, and of a time-out beyond the twelve hours; only in words. */
function isExpiredHandle({ Code, Message }: BatchResultErrorEntry): boolean {
  return (
    plain(Code) === 'InvalidParameterValue' &&
    /receipt ?handle|VisibilityTimeout/i.test(Message ?? '')
  );
}

/** True for what no waiting mends: the queue is gone, or must not be used. */
export function endsConnection(error: IntermodalError): boolean {
  return error.code === 'not-found' || error.code === 'permission-denied';
}

function errorOf(
  { code, kind, text }: Meaning,
  name: string | undefined,
  place: string,
  cause: unknown,
): IntermodalError {
  const suffix = name === undefined ? '' : ` (${name})`;
  const retryable = kind !== 'final';
  const options = { retryable, transport: 'sqs', address: place, cause };
  return new IntermodalError(code, `${place}: ${text}${suffix}`, options);
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== 'Error';
}

function meaningOf(native: Native): Meaning {
  const { httpStatusCode: status = 0, clockSkewCorrected } = native.$metadata ?? {};
  // The SDK has learnt the right time from this very refusal: the next request is signed with it.
  if (clockSkewCorrected === true) return meanings.get('RequestTimeTooSkewed') ?? unknown;
  for (const name of [native.name, native.Code]) {
    const known = isName(name) ? meanings.get(plain(name)) : undefined;
    if (known !== undefined) return known;
  }
  if (status >= 500) return meanings.get('InternalError') ?? unknown;
  if (status >= 400) {
    const refused: Meaning = {
      code: 'rejected',
      kind: 'final',
      text: `the service refused the request with status ${status}`,
    };
    return meanings.get(byStatus.get(status) ?? '') ?? refused;
  }
  return byConnection(native);
}

function byConnection(native: Native): Meaning {
  const code = isName(native.code) ? native.code : '';
  // Nothing can have been sent before the connection stood; several addresses tried in vain make an aggregate.
  const isBefore = native.syscall === 'connect' || native.syscall === 'getaddrinfo';
  if (isBefore || code === 'ECONNREFUSED' || native instanceof AggregateError) return unreachable;
  if (/^CERT_|^ERR_TLS_|^UNABLE_TO_|SELF_SIGNED/.test(code)) return untrusted;
  if (code === 'ECONNRESET' || code === 'EPIPE') return cut;
  if (native.name === 'TimeoutError') return meanings.get('RequestTimeout') ?? unknown;
  return code === '' ? unknown : cut;
}

/** `AWS.SimpleQueueService.NonExistentQueue` and `com.amazonaws.sqs#OverLimit` are known by their last part. */
function plain(code: string | undefined): string {
  return (code ?? '').replace(/^.*#/, '').replace(/^AWS\.SimpleQueueService\./, '');
}
