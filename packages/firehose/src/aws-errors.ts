import { type ErrorCode, IntermodalError } from '@intermodal/core/driver';

/**
 * `final`: no waiting mends it. `passing`: the service said no, and may say yes later. `uncertain`: the same, but the
 * request may have been carried out all the same.
 */
export type Kind = 'final' | 'passing' | 'uncertain';

/** Errors by name, separated by blanks, with what happened and what to do. */
export type ErrorRow = readonly [code: ErrorCode, kind: Kind, text: string, names: string];

interface Meaning {
  readonly code: ErrorCode;
  readonly kind: Kind;
  readonly text: string;
}

/** What every service of AWS may answer. @see https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html */
const common: readonly ErrorRow[] = [
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
    'throttled',
    'passing',
    'the service throttles this caller',
    `ThrottlingException Throttling ThrottledException RequestThrottled RequestLimitExceeded SlowDown
       TooManyRequestsException`,
  ],
  [
    'invalid-argument',
    'final',
    'the service refused a parameter',
    `ValidationError ValidationException SerializationException InvalidParameterValue InvalidParameterCombination
       MissingParameter MalformedQueryString`,
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
    `InternalFailure InternalFailureException InternalServerError InternalServerErrorException InternalError
       ServiceUnavailable`,
  ],
  [
    'timeout',
    'uncertain',
    'no answer came in time',
    'AbortError RequestTimeout RequestTimeoutException',
  ],
];

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

export interface ErrorMap {
  /** Of anything that the SDK throws. The native message is left out, since it may quote the request. */
  mapError(cause: unknown, place: string): MappedError;
  /** Of a code that the service put into an answer. */
  mapCode(name: string, place: string, cause: unknown): MappedError;
}

/** `rows` are the service's own errors; they win over what all services have in common. */
export function createErrorMap(transport: string, rows: readonly ErrorRow[]): ErrorMap {
  const denied = `access was denied: see the permissions in the README of @intermodal/${transport}`;
  const meanings: ReadonlyMap<string, Meaning> = new Map(
    [
      ...common,
      [
        'permission-denied',
        'final',
        denied,
        'AccessDenied AccessDeniedException OptInRequired NotAuthorized UnauthorizedOperation',
      ] as const,
      ...rows,
    ].flatMap(([code, kind, text, names]) =>
      names.split(/\s+/).map((name) => [name, { code, kind, text }] as const),
    ),
  );

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

  function errorOf(
    { code, kind, text }: Meaning,
    name: string | undefined,
    place: string,
    cause: unknown,
  ): IntermodalError {
    const suffix = name === undefined ? '' : ` (${name})`;
    const retryable = kind !== 'final';
    const options = { retryable, transport, address: place, cause };
    return new IntermodalError(code, `${place}: ${text}${suffix}`, options);
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
    mapCode(name, place, cause) {
      const meaning = meanings.get(plain(name)) ?? unknown;
      return {
        error: errorOf(meaning, name, place, cause),
        certainty: meaning.kind === 'uncertain' ? 'unknown' : 'rejected',
      };
    },
  };
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== 'Error';
}

/** `com.amazonaws.firehose#ResourceNotFoundException` is known by its last part. */
function plain(code: string): string {
  return code.replace(/^.*#/, '');
}
