import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import { type ErrorCode, IntermodalError } from '@intermodal/core/driver';

interface Meaning {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** What happened and what to do, for the error's message. */
  readonly text: string;
  /** The request may have been carried out all the same. */
  readonly uncertain?: true;
}

const never = { retryable: false } as const;
const later = { retryable: true } as const;

const denied: Meaning = { code: 'permission-denied', ...never, text: 'access was denied: see the permissions in the README of @intermodal/sqs' };
const unsigned: Meaning = { code: 'permission-denied', ...never, text: 'the credentials were not accepted: check the access key, the region and the clock' };
const noCredentials: Meaning = { code: 'permission-denied', ...never, text: 'the AWS SDK found no credentials: give some, or set them in its environment' };
const staleCredentials: Meaning = { code: 'unavailable', ...later, text: 'the credentials or the clock are out of date: their provider must bring newer ones' };
const missing: Meaning = { code: 'not-found', ...never, text: 'there is no such queue, or it may not be seen: provision it, or check name, account and region' };
const slow: Meaning = { code: 'throttled', ...later, text: 'the service throttles this caller' };
const slowKey: Meaning = { code: 'throttled', ...later, text: 'KMS throttles the key of the queue: raise dataKeyReuseSeconds' };
const full: Meaning = { code: 'throttled', ...later, text: 'too many messages are in flight: more can be received once some are settled' };
const lost: Meaning = { code: 'lease-lost', ...never, text: 'the receipt handle is not valid any more: the message will come again, or has been settled' };
const badKey: Meaning = { code: 'rejected', ...never, text: 'the KMS key of the queue cannot be used: check that it exists and is enabled' };
const badRequest: Meaning = { code: 'invalid-argument', ...never, text: 'the service refused a parameter' };
const badText: Meaning = { code: 'invalid-message', ...never, text: 'the message holds characters that SQS does not take' };
const tooLong: Meaning = { code: 'too-large', ...never, text: 'the batch is larger than the service takes' };
const failing: Meaning = { code: 'unavailable', ...later, text: 'the service failed', uncertain: true };
const unreachable: Meaning = { code: 'unavailable', ...later, text: 'the service cannot be reached: check endpoint, region and network' };
const cut: Meaning = { code: 'unavailable', ...later, text: 'the connection broke before the answer', uncertain: true };
const silent: Meaning = { code: 'timeout', ...later, text: 'no answer came in time', uncertain: true };
const untrusted: Meaning = { code: 'unavailable', ...never, text: 'the TLS certificate of the endpoint is not trusted' };

/** By the name or code of a service error, with or without its older prefix. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ...named(denied, 'AccessDenied', 'AccessDeniedException', 'InvalidSecurity', 'KmsAccessDenied', 'KMS.AccessDeniedException', 'KmsOptInRequired', 'KMS.OptInRequired', 'OptInRequired', 'NotAuthorized', 'UnauthorizedOperation'),
  ...named(unsigned, 'InvalidClientTokenId', 'UnrecognizedClientException', 'SignatureDoesNotMatch', 'InvalidSignatureException', 'IncompleteSignature', 'IncompleteSignatureException', 'MissingAuthenticationToken', 'MissingAuthenticationTokenException', 'AuthFailure', 'InvalidAccessKeyId'),
  ...named(noCredentials, 'CredentialsProviderError', 'TokenProviderError'),
  ...named(staleCredentials, 'ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'RequestInTheFuture', 'RequestTimeTooSkewed'),
  ...named(missing, 'QueueDoesNotExist', 'NonExistentQueue', 'ResourceNotFoundException'),
  ...named(slow, 'RequestThrottled', 'RequestThrottledException', 'ThrottlingException', 'Throttling', 'ThrottledException', 'TooManyRequestsException', 'SlowDown', 'RequestLimitExceeded', 'BandwidthLimitExceeded', 'PurgeQueueInProgress'),
  ...named(slowKey, 'KmsThrottled', 'KMS.ThrottlingException'),
  ...named(full, 'OverLimit'),
  ...named(lost, 'ReceiptHandleIsInvalid', 'MessageNotInflight'),
  ...named(badKey, 'KmsDisabled', 'KMS.DisabledException', 'KmsInvalidState', 'KMS.InvalidStateException', 'KMS.KMSInvalidStateException', 'KmsInvalidKeyUsage', 'KMS.InvalidKeyUsageException', 'KmsNotFound', 'KMS.NotFoundException'),
  ...named(badText, 'InvalidMessageContents'),
  ...named(tooLong, 'BatchRequestTooLong'),
  ...named(badRequest, 'InvalidAddress', 'InvalidAttributeName', 'InvalidAttributeValue', 'InvalidIdFormat', 'InvalidParameterValue', 'InvalidParameterCombination', 'MissingParameter', 'ValidationError', 'ValidationException', 'TooManyEntriesInBatchRequest', 'EmptyBatchRequest', 'BatchEntryIdsNotDistinct', 'InvalidBatchEntryId', 'SerializationException', 'MalformedQueryString'),
  ...named({ code: 'unsupported', ...never, text: 'the service or emulator does not know this operation' }, 'UnsupportedOperation', 'UnknownOperationException', 'UnknownOperation', 'InvalidAction', 'NotImplemented'),
  ...named({ code: 'mismatch', ...never, text: 'a queue of this name exists with other attributes' }, 'QueueNameExists', 'QueueAlreadyExists'),
  ...named({ code: 'unavailable', ...later, text: 'a queue of this name was deleted less than 60 seconds ago: create it again after that time' }, 'QueueDeletedRecently'),
  ...named(failing, 'InternalError', 'InternalFailure', 'InternalServerError', 'ServiceUnavailable', 'ServiceUnavailableException'),
  ...named(silent, 'AbortError', 'RequestTimeout', 'RequestTimeoutException'),
]);

function named(meaning: Meaning, ...codes: readonly string[]): [string, Meaning][] {
  return codes.map((code) => [code, meaning]);
}

/** Members that errors of the SDK, of its HTTP handler and of Node have; none is certain. */
interface Native {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly syscall?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number; readonly clockSkewCorrected?: boolean };
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
  // What earlier attempts of a client that retries by itself came to is not known.
  const uncertain = meaning.uncertain === true || (native.$metadata?.attempts ?? 1) > 1;
  return { error: errorOf(meaning, nameOf(native), place, cause), certainty: uncertain ? 'unknown' : 'rejected' };
}

/** Of one entry of a batch that the service answered. */
export function mapEntryError(entry: BatchResultErrorEntry, place: string): MappedError {
  const known = meanings.get(plain(entry.Code));
  const fallback: Meaning =
    entry.SenderFault === true
      ? { code: 'rejected', ...never, text: 'the service refused the entry' }
      : { code: 'unavailable', ...later, text: 'the service could not process the entry' };
  const meaning = known ?? fallback;
  const expired = meaning === badRequest && /receipt ?handle|VisibilityTimeout/i.test(entry.Message ?? '');
  const error = errorOf(expired ? lost : meaning, entry.Code, place, entry);
  return { error, certainty: meaning.uncertain === true ? 'unknown' : 'rejected' };
}

/** True for what no waiting mends: the queue is gone, or must not be used. */
export function endsConnection(error: IntermodalError): boolean {
  return error.code === 'not-found' || error.code === 'permission-denied';
}

function errorOf(meaning: Meaning, name: string | undefined, place: string, cause: unknown): IntermodalError {
  const { code, retryable, text } = meaning;
  const suffix = name === undefined ? '' : ` (${name})`;
  return new IntermodalError(code, `${place}: ${text}${suffix}`, { retryable, transport: 'sqs', address: place, cause });
}

function nameOf(native: Native): string | undefined {
  return [native.name, native.code, native.Code].find((name): name is string => typeof name === 'string' && name !== 'Error');
}

function meaningOf(native: Native): Meaning {
  for (const name of [native.name, native.Code]) {
    const known = typeof name === 'string' ? meanings.get(plain(name)) : undefined;
    if (known === undefined) continue;
    // The SDK has learnt the right time from this very refusal: the next request is signed with it.
    return known === unsigned && native.$metadata?.clockSkewCorrected === true ? staleCredentials : known;
  }
  return byStatus(native.$metadata?.httpStatusCode) ?? byConnection(native);
}

function byStatus(status: number | undefined): Meaning | undefined {
  if (status === undefined || status < 400) return undefined;
  if (status >= 500) return failing;
  if (status === 403 || status === 401) return denied;
  if (status === 429) return slow;
  if (status === 413) return tooLong;
  return { code: 'rejected', ...never, text: `the service refused the request with status ${status}` };
}

function byConnection(native: Native): Meaning {
  const code = typeof native.code === 'string' ? native.code : '';
  // Nothing can have been sent before the connection stood.
  if (native.syscall === 'connect' || native.syscall === 'getaddrinfo' || code === 'ECONNREFUSED') return unreachable;
  if (native instanceof AggregateError) return unreachable; // every address of the host was tried in vain
  if (code.startsWith('CERT_') || code.startsWith('ERR_TLS_') || code.includes('SELF_SIGNED') || code.startsWith('UNABLE_TO_')) return untrusted;
  if (native.name === 'TimeoutError') return code === 'ECONNRESET' || code === 'EPIPE' ? cut : silent;
  if (code !== '') return cut;
  return { code: 'unknown', ...later, text: 'the request failed in a way that is not known', uncertain: true };
}

/** `AWS.SimpleQueueService.NonExistentQueue` and `com.amazonaws.sqs#OverLimit` are the same errors as their last part. */
function plain(code: string | undefined): string {
  return (code ?? '').replace(/^.*#/, '').replace(/^AWS\.SimpleQueueService\./, '');
}
