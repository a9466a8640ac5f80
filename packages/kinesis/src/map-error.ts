import type { PutRecordsResultEntry } from '@aws-sdk/client-kinesis';
import {
  createErrorMapping,
  type ErrorMapping,
  type ErrorRow,
  type MappedError,
} from '@intermodal/aws';

/** What Kinesis and DynamoDB say, beside what every service does. @see https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html */
const rows: readonly ErrorRow[] = [
  [
    'permission-denied',
    'final',
    'access was denied: see the permissions in the README of @intermodal/kinesis',
    `AccessDenied AccessDeniedException OptInRequired NotAuthorized UnauthorizedOperation KMSAccessDeniedException
       KMSOptInRequired`,
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
  ['invalid-argument', 'final', 'the service refused a parameter', 'InvalidArgumentException'],
];

/** Of both services, since the errors of leases are told as the transport's. */
export const kinesisErrors: ErrorMapping = createErrorMapping({ transport: 'kinesis', rows });

/** Of anything that the SDK throws. */
export function mapError(cause: unknown, place: string): MappedError {
  return kinesisErrors.mapError(cause, place);
}

/** Of one record of a request that the service answered. */
export function mapEntryError(entry: PutRecordsResultEntry, place: string): MappedError {
  return kinesisErrors.mapCode(entry.ErrorCode, place, entry);
}
