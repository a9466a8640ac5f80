import { createErrorMapping, type ErrorMapping, type ErrorRow } from '@intermodal/sqs/driver';

/** What SNS says, by class names and codes, which differ. @see https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html */
const rows: readonly ErrorRow[] = [
  [
    'permission-denied',
    'final',
    'access was denied: see the permissions in the README of @intermodal/sns',
    `AccessDenied AccessDeniedException AuthorizationError AuthorizationErrorException InvalidSecurity
       InvalidSecurityException OptInRequired NotAuthorized UnauthorizedOperation KMSAccessDenied
       KMSAccessDeniedException KMSOptInRequired`,
  ],
  [
    'not-found',
    'final',
    'there is no such topic, subscription or endpoint: provision it, or check name, account and region',
    'NotFound NotFoundException ResourceNotFound ResourceNotFoundException',
  ],
  [
    'endpoint-disabled',
    'final',
    'the endpoint is disabled, since its device or token is gone: register it anew, then enable it',
    'EndpointDisabled EndpointDisabledException',
  ],
  [
    'endpoint-disabled',
    'final',
    'the platform application is disabled: renew its credentials',
    'PlatformApplicationDisabled PlatformApplicationDisabledException',
  ],
  [
    'throttled',
    'passing',
    'SNS throttles this caller',
    'Throttled ThrottledException ConcurrentAccess ConcurrentAccessException',
  ],
  [
    'throttled',
    'passing',
    'KMS throttles the key of the topic',
    'KMSThrottling KMSThrottlingException',
  ],
  [
    'throttled',
    'final',
    'a quota of the account is used up: delete what is not needed, or ask AWS for more',
    `TopicLimitExceeded TopicLimitExceededException SubscriptionLimitExceeded SubscriptionLimitExceededException
       FilterPolicyLimitExceeded FilterPolicyLimitExceededException TagLimitExceeded TagLimitExceededException`,
  ],
  [
    'rejected',
    'final',
    'the KMS key of the topic cannot be used: check that it exists and is enabled',
    `KMSDisabled KMSDisabledException KMSInvalidState KMSInvalidStateException KMSNotFound KMSNotFoundException`,
  ],
  ['rejected', 'final', 'the recipient has opted out of messages', 'OptedOut OptedOutException'],
  [
    'rejected',
    'final',
    'the phone number or sandbox destination is not verified',
    'VerificationException UserError UserErrorException',
  ],
  [
    'too-large',
    'final',
    'the batch is larger than the topic takes',
    'BatchRequestTooLongException',
  ],
  [
    'invalid-argument',
    'final',
    'SNS refused a parameter',
    `InvalidParameter InvalidParameterException ParameterValueInvalid InvalidParameterValueException Validation
       TooManyEntriesInBatchRequestException EmptyBatchRequestException BatchEntryIdsNotDistinctException
       InvalidBatchEntryIdException StaleTag StaleTagException TagPolicy TagPolicyException`,
  ],
  [
    'unsupported',
    'final',
    'SNS cannot do this in the present state of what it was asked of',
    'InvalidState InvalidStateException ReplayLimitExceeded ReplayLimitExceededException',
  ],
  [
    'unavailable',
    'uncertain',
    'the service failed',
    'InternalErrorException InternalFailureException',
  ],
];

/** Of senders, administration and notifications alike. */
export const snsErrors: ErrorMapping = createErrorMapping({ transport: 'sns', rows });
