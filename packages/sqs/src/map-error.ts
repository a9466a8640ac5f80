import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import type { IntermodalError } from '@intermodal/core/driver';
import {
  createErrorMapping,
  type ErrorMapping,
  type ErrorRow,
  type MappedError,
  plain,
} from './aws-errors.ts';

/** What SQS says, beside what every service does. */
const rows: readonly ErrorRow[] = [
  [
    'permission-denied',
    'final',
    'access was denied: see the permissions in the README of @intermodal/sqs',
    `AccessDenied AccessDeniedException InvalidSecurity OptInRequired NotAuthorized UnauthorizedOperation
       KmsAccessDenied KMS.AccessDeniedException KmsOptInRequired KMS.OptInRequired`,
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
  [
    'invalid-argument',
    'final',
    'the service refused a parameter',
    'InvalidAddress InvalidAttributeName InvalidAttributeValue InvalidIdFormat',
  ],
  [
    'mismatch',
    'final',
    'a queue of this name exists with other attributes',
    'QueueNameExists QueueAlreadyExists',
  ],
  ['throttled', 'passing', 'the queue was purged less than 60 seconds ago', 'PurgeQueueInProgress'],
  [
    'unavailable',
    'passing',
    'a queue of this name was deleted less than 60 seconds ago: create it again after that time',
    'QueueDeletedRecently',
  ],
];

/** Of senders, receivers and administration alike. */
export const sqsErrors: ErrorMapping = createErrorMapping({
  transport: 'sqs',
  rows,
  entryName: (entry) => (isExpiredHandle(entry) ? 'ReceiptHandleIsInvalid' : undefined),
});

/** Of anything that the SDK throws. */
export function mapError(cause: unknown, place: string): MappedError {
  return sqsErrors.mapError(cause, place);
}

/** Of one entry of a batch that the service answered. */
export function mapEntryError(entry: BatchResultErrorEntry, place: string): MappedError {
  return sqsErrors.mapEntryError(entry, place);
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
