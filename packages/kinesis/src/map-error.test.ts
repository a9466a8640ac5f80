import { IntermodalError } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { mapEntryError, mapError } from './map-error.ts';

function native(name: string, status = 400, more: object = {}): Error {
  const metadata = { httpStatusCode: status, attempts: 1 };
  return Object.assign(new Error('secret'), { name, $metadata: metadata, ...more });
}

test.each([
  ['ProvisionedThroughputExceededException', 'throttled', true, 'rejected'],
  ['LimitExceededException', 'throttled', true, 'rejected'],
  // The SDK does not retry it.
  ['KMSThrottlingException', 'throttled', true, 'rejected'],
  ['KMSDisabledException', 'rejected', false, 'rejected'],
  ['KMSAccessDeniedException', 'permission-denied', false, 'rejected'],
  ['AccessDeniedException', 'permission-denied', false, 'rejected'],
  ['ExpiredTokenException', 'unavailable', true, 'rejected'],
  ['ExpiredIteratorException', 'unavailable', true, 'rejected'],
  ['ResourceNotFoundException', 'not-found', false, 'rejected'],
  ['ResourceInUseException', 'unavailable', true, 'rejected'],
  ['InternalFailureException', 'unavailable', true, 'unknown'],
  ['SomethingNew', 'rejected', false, 'rejected'],
] as const)('%s is %s', (name, code, retryable, certainty) => {
  const { error, certainty: found } = mapError(native(name), 'the stream');
  expect(error).toMatchObject({ code, retryable });
  expect(found).toBe(certainty);
  expect(error.message).toContain('the stream');
  expect(error.message).not.toContain('secret');
});

test('what a server says with a status of its own may have been done', () => {
  expect(mapError(native('Error', 503), 'the stream').certainty).toBe('unknown');
});

test('a client that retried by itself leaves it in doubt', () => {
  const cause = native('LimitExceededException', 400, {
    $metadata: { httpStatusCode: 400, attempts: 3 },
  });
  expect(mapError(cause, 'the stream').certainty).toBe('unknown');
});

test.each([
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'unavailable', 'rejected'],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'unavailable', 'rejected'],
  [{ code: 'ECONNRESET' }, 'unavailable', 'unknown'],
  [{ code: 'ERR_HTTP2_STREAM_ERROR' }, 'unavailable', 'unknown'],
  [{ name: 'TimeoutError' }, 'timeout', 'unknown'],
  [{ name: 'AbortError' }, 'timeout', 'unknown'],
] as const)('a connection with %o', (members, code, certainty) => {
  const found = mapError(Object.assign(new Error('x'), members), 'the stream');
  expect(found.error.code).toBe(code);
  expect(found.certainty).toBe(certainty);
});

test.each([
  ['ProvisionedThroughputExceededException', 'throttled', 'rejected'],
  ['InternalFailure', 'unavailable', 'unknown'],
  ['NeverHeardOf', 'unknown', 'unknown'],
] as const)('an entry with %s', (ErrorCode, code, certainty) => {
  const found = mapEntryError({ ErrorCode }, 'the stream');
  expect(found.error.code).toBe(code);
  expect(found.certainty).toBe(certainty);
});

test('an error of ours stays as it is', () => {
  const error = new IntermodalError('closed', 'closed');
  expect(mapError(error, 'the stream').error).toBe(error);
});
