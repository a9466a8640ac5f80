import type { PutRecordBatchResponseEntry } from '@aws-sdk/client-firehose';
import type { IntermodalError } from '@intermodal/core/driver';
import { createErrorMap, type ErrorRow, type MappedError } from './aws-errors.ts';

export type { MappedError } from './aws-errors.ts';

/** @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html#API_PutRecordBatch_Errors */
const rows: readonly ErrorRow[] = [
  [
    'not-found',
    'final',
    'there is no such delivery stream, or it may not be seen: create it, or check name, account and region',
    'ResourceNotFoundException',
  ],
  [
    'throttled',
    // Most often it is the stream's limit; that nothing was written it only says of single records.
    'uncertain',
    'more than the delivery stream takes now: ask for a higher limit, or send less',
    'ServiceUnavailableException',
  ],
  ['throttled', 'passing', 'a limit of the account is reached', 'LimitExceededException'],
  [
    'unavailable',
    'passing',
    'the delivery stream is being changed: try again in a moment',
    'ResourceInUseException ConcurrentModificationException',
  ],
  [
    'rejected',
    'final',
    'the KMS key of the delivery stream cannot be used: check that it exists, is enabled and lets Firehose use it',
    'InvalidKMSResourceException',
  ],
  ['rejected', 'final', 'the delivery stream does not take this record', 'InvalidSourceException'],
  [
    'invalid-argument',
    'final',
    'the service refused a parameter',
    'InvalidArgumentException InvalidStreamTypeException',
  ],
];

const errors = createErrorMap('firehose', rows);

/** Of anything that the SDK throws. */
export function mapError(cause: unknown, place: string): MappedError {
  return errors.mapError(cause, place);
}

/** Of one record of a request that the service answered. */
export function mapEntryError(entry: PutRecordBatchResponseEntry, place: string): MappedError {
  const { ErrorCode = '' } = entry;
  const { error, certainty } = errors.mapCode(ErrorCode, place, entry);
  return ErrorCode === 'ServiceUnavailableException'
    ? { error, certainty: 'rejected' }
    : { error, certainty };
}

/** True for what no waiting mends: the delivery stream is gone, or must not be used. */
export function endsConnection(error: IntermodalError): boolean {
  return error.code === 'not-found' || error.code === 'permission-denied';
}
