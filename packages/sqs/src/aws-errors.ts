import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import { type ErrorCode, IntermodalError } from '@intermodal/core/driver';

/**
 * `final`: no waiting mends it. `passing`: the service said no, and may say yes later. `uncertain`: the same, but the
 * request may have been carried out all the same.
 */
export type ErrorKind = 'final' | 'passing' | 'uncertain';

interface Meaning {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** What happened and what to do. */
  readonly text: string;
}

/** Its code, its kind, what happened and what to do, and the names under which services say it. */
export type ErrorRow = readonly [ErrorCode, ErrorKind, string, string];

/** What services say alike, by names and codes without prefixes. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
const common: readonly ErrorRow[] = [
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
    'throttled',
    'passing',
    'the service throttles this caller',
    `RequestThrottled RequestThrottledException ThrottlingException Throttling ThrottledException SlowDown
       TooManyRequestsException RequestLimitExceeded BandwidthLimitExceeded`,
  ],
  [
    'invalid-argument',
    'final',
    'the service refused a parameter',
    `InvalidParameterValue InvalidParameterCombination MissingParameter ValidationError ValidationException
       SerializationException MalformedQueryString TooManyEntriesInBatchRequest EmptyBatchRequest
       BatchEntryIdsNotDistinct InvalidBatchEntryId`,
  ],
  ['too-large', 'final', 'the batch is larger than the service takes', 'BatchRequestTooLong'],
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
    'InternalError InternalFailure InternalServerError ServiceUnavailable ServiceUnavailableException',
  ],
  [
    'timeout',
    'uncertain',
    'no answer came in time',
    'AbortError RequestTimeout RequestTimeoutException',
  ],
];

/** How the errors of one service are told. */
export interface ErrorMappingOptions {
  /** For `IntermodalError.transport`. */
  readonly transport: string;
  /** What this service alone says, or says otherwise. */
  readonly rows: readonly ErrorRow[];
  /** What a refused entry means where its code alone does not say it. */
  readonly entryName?: (entry: BatchResultErrorEntry) => string | undefined;
}

export interface MappedError {
  readonly error: IntermodalError;
  /** Whether a send that failed so may have arrived. */
  readonly certainty: 'rejected' | 'unknown';
}

/** Errors of one service in our words. The native message is left out, since it may quote the request. */
export interface ErrorMapping {
  /** Of anything that the SDK throws. */
  mapError(cause: unknown, place: string): MappedError;
  /** Of one entry of a batch that the service answered. */
  mapEntryError(entry: BatchResultErrorEntry, place: string): MappedError;
}

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

export function createErrorMapping({
  transport,
  rows,
  entryName,
}: ErrorMappingOptions): ErrorMapping {
  const meanings: ReadonlyMap<string, Meaning> = new Map(
    [...common, ...rows].flatMap(([code, kind, text, names]) =>
      names.split(/\s+/).map((name) => [name, { code, kind, text }] as const),
    ),
  );
  const named = (name: string): Meaning => meanings.get(name) ?? unknown;

  function errorOf(
    { code, kind, text }: Meaning,
    name: string | undefined,
    place: string,
    cause: unknown,
  ): IntermodalError {
    const suffix = name === undefined ? '' : ` (${name})`;
    const options = { retryable: kind !== 'final', transport, address: place, cause };
    return new IntermodalError(code, `${place}: ${text}${suffix}`, options);
  }

  function meaningOf(native: Native): Meaning {
    const { httpStatusCode: status = 0, clockSkewCorrected } = native.$metadata ?? {};
    // The SDK has learnt the right time from this very refusal: the next request is signed with it.
    if (clockSkewCorrected === true) return named('RequestTimeTooSkewed');
    for (const name of [native.name, native.Code]) {
      const known = isName(name) ? meanings.get(plain(name)) : undefined;
      if (known !== undefined) return known;
    }
    if (status >= 500) return named('InternalError');
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
    if (native.name === 'TimeoutError') return named('RequestTimeout');
    return code === '' ? unknown : cut;
  }

  return {
    mapError(cause, place) {
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
    },

    mapEntryError(entry, place) {
      const isFinal = entry.SenderFault === true;
      const meaning: Meaning = meanings.get(entryName?.(entry) ?? plain(entry.Code)) ?? {
        code: isFinal ? 'rejected' : 'unavailable',
        kind: isFinal ? 'final' : 'passing',
        text: 'the service refused the entry',
      };
      return {
        error: errorOf(meaning, entry.Code, place, entry),
        certainty: meaning.kind === 'uncertain' ? 'unknown' : 'rejected',
      };
    },
  };
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== 'Error';
}

/** `AWS.SimpleQueueService.NonExistentQueue` and `com.amazonaws.sqs#OverLimit` are known by their last part. */
export function plain(code: string | undefined): string {
  return (code ?? '').replace(/^.*#/, '').replace(/^AWS\.SimpleQueueService\./, '');
}
