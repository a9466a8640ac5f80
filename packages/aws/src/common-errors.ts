import type { ErrorRow } from './error-mapping.ts';

/** What every service of AWS may say, by names and codes without prefixes. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
export const commonErrors: readonly ErrorRow[] = [
  [
    'permission-denied',
    'final',
    'access was denied: see which permissions the transport needs',
    'AccessDenied AccessDeniedException OptInRequired NotAuthorized UnauthorizedOperation',
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
    `InternalError InternalErrorException InternalFailure InternalFailureException InternalServerError
       InternalServerErrorException ServiceUnavailable ServiceUnavailableException`,
  ],
  [
    'timeout',
    'uncertain',
    'no answer came in time',
    'AbortError RequestTimeout RequestTimeoutException',
  ],
];

const byStatus: ReadonlyMap<number, string> = new Map([
  [401, 'AccessDenied'],
  [403, 'AccessDenied'],
  [404, 'UnknownOperation'],
  [408, 'RequestTimeout'],
  [413, 'RequestEntityTooLarge'],
  [429, 'ThrottlingException'],
]);

/** For answers whose error has no name in the table: a proxy's, for instance. */
export function nameOfStatus(status: number): string | undefined {
  return status >= 500 ? 'InternalFailure' : byStatus.get(status);
}
