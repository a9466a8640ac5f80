import { expect, test } from 'vitest';
import { snsErrors } from './map-error.ts';

const place = "sns topic 'orders'";

test.each([
  ['NotFoundException', ['not-found', false, 'rejected']],
  ['AuthorizationErrorException', ['permission-denied', false, 'rejected']],
  ['EndpointDisabledException', ['endpoint-disabled', false, 'rejected']],
  ['PlatformApplicationDisabledException', ['endpoint-disabled', false, 'rejected']],
  ['ThrottledException', ['throttled', true, 'rejected']],
  ['KMSThrottlingException', ['throttled', true, 'rejected']],
  ['TopicLimitExceededException', ['throttled', false, 'rejected']],
  ['KMSDisabledException', ['rejected', false, 'rejected']],
  ['OptedOutException', ['rejected', false, 'rejected']],
  ['InvalidParameterException', ['invalid-argument', false, 'rejected']],
  ['InternalErrorException', ['unavailable', true, 'unknown']],
  ['TimeoutError', ['timeout', true, 'unknown']],
])('%s', (name, expected) => {
  const cause = Object.assign(new Error('secret body'), { name });
  const { error, certainty } = snsErrors.mapError(cause, place);
  expect([error.code, error.retryable, certainty]).toEqual(expected);
  expect(error).toMatchObject({ transport: 'sns', address: place, cause });
  expect(error.message).not.toContain('secret');
});

test.each([
  ['Throttled', false, ['throttled', true, 'rejected']],
  ['KMSThrottling', false, ['throttled', true, 'rejected']],
  ['InternalError', false, ['unavailable', true, 'unknown']],
  ['InvalidParameter', true, ['invalid-argument', false, 'rejected']],
  ['Novel', true, ['rejected', false, 'rejected']],
])('the entry code %s', (Code, SenderFault, expected) => {
  const { error, certainty } = snsErrors.mapEntryError({ Id: '0', Code, SenderFault }, place);
  expect([error.code, error.retryable, certainty]).toEqual(expected);
});
