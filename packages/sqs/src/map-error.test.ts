import { expect, test } from 'vitest';
import { mapEntryError, mapError } from './map-error.ts';

const place = "sqs queue 'orders'";

function mapped(fields: object): unknown {
  const { error, certainty } = mapError(Object.assign(new Error('secret body'), fields), place);
  return [error.code, error.retryable, certainty];
}

test.each([
  [
    {
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
      $metadata: { httpStatusCode: 400 },
    },
    ['not-found', false, 'rejected'],
  ],
  [
    { name: 'SQSServiceException', Code: 'AWS.SimpleQueueService.NonExistentQueue' },
    ['not-found', false, 'rejected'],
  ],
  [{ name: 'com.amazonaws.sqs#OverLimit' }, ['throttled', true, 'rejected']],
  [{ name: 'KmsThrottled', Code: 'KMS.ThrottlingException' }, ['throttled', true, 'rejected']],
  [{ name: 'KmsDisabled' }, ['rejected', false, 'rejected']],
  [
    { name: 'SignatureDoesNotMatch', $metadata: { httpStatusCode: 403 } },
    ['permission-denied', false, 'rejected'],
  ],
  [
    { name: 'SignatureDoesNotMatch', $metadata: { httpStatusCode: 403, clockSkewCorrected: true } },
    ['unavailable', true, 'rejected'],
  ],
  [{ name: 'CredentialsProviderError' }, ['permission-denied', false, 'rejected']],
  [{ name: 'InvalidMessageContents' }, ['invalid-message', false, 'rejected']],
  [{ name: 'NovelError', $metadata: { httpStatusCode: 400 } }, ['rejected', false, 'rejected']],
  [{ name: 'NovelError', $metadata: { httpStatusCode: 599 } }, ['unavailable', true, 'unknown']],
  [
    { name: 'RequestThrottled', $metadata: { httpStatusCode: 400, attempts: 3 } },
    ['throttled', true, 'unknown'],
  ],
  [{ name: 'TimeoutError', code: 'ECONNRESET' }, ['unavailable', true, 'unknown']],
  [
    { name: 'TimeoutError', code: 'ETIMEDOUT', syscall: 'connect' },
    ['unavailable', true, 'rejected'],
  ],
  [{ name: 'TimeoutError', code: 'ETIMEDOUT' }, ['timeout', true, 'unknown']],
  [{ name: 'AbortError' }, ['timeout', true, 'unknown']],
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, ['unavailable', true, 'rejected']],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, ['unavailable', true, 'rejected']],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, ['unavailable', false, 'rejected']],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, ['unavailable', false, 'rejected']],
  [{ code: 'HPE_INVALID_CONSTANT' }, ['unavailable', true, 'unknown']],
  [{}, ['unknown', true, 'unknown']],
])('%j is %j', (fields, expected) => {
  expect(mapped(fields)).toEqual(expected);
});

test('hosts with several addresses fail with an aggregate', () => {
  const cause = Object.assign(new AggregateError([]), { code: 'ETIMEDOUT' });
  expect(mapError(cause, place)).toMatchObject({
    error: { code: 'unavailable' },
    certainty: 'rejected',
  });
});

test('an error names the address, the native code and what to do, and never quotes the native message', () => {
  const cause = Object.assign(new Error('the value secret-body is bad'), { name: 'KmsThrottled' });
  const { error } = mapError(cause, place);
  expect(error.message).toBe(
    "sqs queue 'orders': KMS throttles the key of the queue: raise dataKeyReuseSeconds (KmsThrottled)",
  );
  expect(error).toMatchObject({ transport: 'sqs', address: place, cause });
  expect(mapError('not even an error', place).error.code).toBe('unknown');
  expect(mapError(error, 'elsewhere').error).toBe(error);
});

test.each([
  [
    { Code: 'InvalidParameterValue', SenderFault: true, Message: 'The receipt handle has expired' },
    ['lease-lost', 'rejected'],
  ],
  [
    {
      Code: 'InvalidParameterValue',
      SenderFault: true,
      Message: 'Total VisibilityTimeout for the message is beyond the limit',
    },
    ['lease-lost', 'rejected'],
  ],
  [
    { Code: 'InvalidParameterValue', SenderFault: true, Message: 'DelaySeconds' },
    ['invalid-argument', 'rejected'],
  ],
  [{ Code: 'InternalError', SenderFault: false }, ['unavailable', 'unknown']],
  [{ Code: 'KmsThrottled', SenderFault: true }, ['throttled', 'rejected']],
])('a batch entry that failed with %j is %j', (entry, expected) => {
  const { error, certainty } = mapEntryError({ Id: '0', ...entry }, place);
  expect([error.code, certainty]).toEqual(expected);
});
