import type { PutRecordsResultEntry } from '@aws-sdk/client-kinesis';
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

/** Errors of both services by name. @see https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html */
const table: readonly (readonly [ErrorCode, Kind, string, string])[] = [
  [
    'permission-denied',
    'final',
    'access was denied: see the permissions in the README of @intermodal/kinesis',
    `AccessDenied AccessDeniedException OptInRequired NotAuthorized UnauthorizedOperation KMSAccessDeniedException
       KMSOptInRequired`,
  ],
  [
    'permission-denied',
    'final',
    'the credentials were not accepted: check the access key, the region and the clock',
    `InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch InvalidSignatureException AuthFailure
       IncompleteSignature IncompleteSignatureException MissingAuthenticationToken
       MissingAuthenticationTokenException InvalidAccessKeyId`,
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
    'there is no such stream or table, or it may not be seen: provision it, or check name, account and region',
    'ResourceNotFoundException TableNotFoundException',
  ],
  [
    'throttled',
    'passing',
    'more than the shards or the account may take: add shards, or use on-demand capacity',
    `ProvisionedThroughputExceededException LimitExceededException ThrottlingException Throttling ThrottledException
       RequestThrottled RequestLimitExceeded SlowDown TooManyRequestsException`,
  ],
  ['throttled', 'passing', 'KMS throttles the key of the stream', 'KMSThrottlingException'],
  [
    'rejected',
    'final',
    'the KMS key of the stream cannot be used: check that it exists and is enabled',
    'KMSDisabledException KMSInvalidStateException KMSNotFoundException',
  ],
  [
    'unavailable',
    'passing',
    'the stream or the table is being changed: try again in a moment',
    'ResourceInUseException TableInUseException',
  ],
  [
    'lease-lost',
    'final',
    'another worker has written the lease in the meantime',
    'ConditionalCheckFailedException',
  ],
  [
    'unavailable',
    'passing',
    'the place in the shard has expired: it is asked for anew',
    'ExpiredIteratorException ExpiredNextTokenException',
  ],
  [
    'invalid-argument',
    'final',
    'the service refused a parameter',
    `InvalidArgumentException ValidationError ValidationException SerializationException InvalidParameterValue
       InvalidParameterCombination MissingParameter MalformedQueryString`,
  ],
  ['too-large', 'final', 'the request is larger than the service takes', 'RequestEntityTooLarge'],
  [
    'unsupported',
    'final',
    'the service does not know this operation',
    'UnsupportedOperation UnknownOperationException UnknownOperation InvalidAction NotImplemented',
  ],
  [
    'unavailable',
    'uncertain',
    'the service failed',
    `InternalFailure InternalFailureException InternalServerError InternalServerErrorException ServiceUnavailable
       ServiceUnavailableException`,
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
  [413, 'RequestEntityTooLarge'],
  [429, 'ThrottlingException'],
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

/** Of one record of a request that the service answered. */
export function mapEntryError(entry: PutRecordsResultEntry, place: string): MappedError {
  const meaning = meanings.get(plain(entry.ErrorCode)) ?? unknown;
  return {
    error: errorOf(meaning, entry.ErrorCode, place, entry),
    certainty: meaning.kind === 'uncertain' ? 'unknown' : 'rejected',
  };
}

/** True for what no waiting mends: the stream is gone, or must not be used. */
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
  const options = { retryable, transport: 'kinesis', address: place, cause };
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
  if (status >= 500) return meanings.get('InternalFailure') ?? unknown;
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

/** `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException` is known by its last part. */
function plain(code: string | undefined): string {
  return (code ?? '').replace(/^.*#/, '');
}
