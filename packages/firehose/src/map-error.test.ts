import { expect, test } from 'vitest';
import { endsConnection, mapEntryError, mapError } from './map-error.ts';

const place = "firehose delivery stream 'orders'";

function named(name: string, status = 400, attempts = 1): Error {
  const $metadata = { httpStatusCode: status, attempts };
  return Object.assign(new Error('it quotes the request'), { name, $metadata });
}

test.each([
  ['ResourceNotFoundException', 400, 'not-found', false, 'rejected'],
  ['com.amazonaws.firehose#ResourceNotFoundException', 400, 'not-found', false, 'rejected'],
  ['ServiceUnavailableException', 503, 'throttled', true, 'unknown'],
  ['LimitExceededException', 400, 'throttled', true, 'rejected'],
  ['ThrottlingException', 400, 'throttled', true, 'rejected'],
  ['InvalidKMSResourceException', 400, 'rejected', false, 'rejected'],
  ['InvalidSourceException', 400, 'rejected', false, 'rejected'],
  ['InvalidArgumentException', 400, 'invalid-argument', false, 'rejected'],
  ['AccessDeniedException', 400, 'permission-denied', false, 'rejected'],
  ['UnrecognizedClientException', 400, 'permission-denied', false, 'rejected'],
  ['ExpiredTokenException', 400, 'unavailable', true, 'rejected'],
  ['InternalFailure', 500, 'unavailable', true, 'unknown'],
  ['NobodyKnows', 500, 'unavailable', true, 'unknown'],
  ['NobodyKnows', 418, 'rejected', false, 'rejected'],
  ['NobodyKnows', 413, 'too-large', false, 'rejected'],
] as const)('%s with status %i', (name, status, code, retryable, certainty) => {
  const mapped = mapError(named(name, status), place);
  expect(mapped).toMatchObject({ error: { code, retryable, transport: 'firehose' }, certainty });
  expect(mapped.error.message).toContain(place);
  expect(mapped.error.message).not.toContain('quotes');
});

test.each([
  [{ syscall: 'connect', code: 'ECONNREFUSED' }, 'unavailable', 'rejected'],
  [{ syscall: 'getaddrinfo', code: 'ENOTFOUND' }, 'unavailable', 'rejected'],
  [{ code: 'ECONNRESET' }, 'unavailable', 'unknown'],
  [{ code: 'CERT_HAS_EXPIRED' }, 'unavailable', 'rejected'],
  [{ name: 'TimeoutError' }, 'timeout', 'unknown'],
  [{ name: 'AbortError' }, 'timeout', 'unknown'],
  [{}, 'unknown', 'unknown'],
] as const)('a failure of the connection: %o', (members, code, certainty) => {
  const mapped = mapError(Object.assign(new Error('x'), members), place);
  expect(mapped).toMatchObject({ error: { code }, certainty });
});

test('after attempts of a client that retries by itself nothing is certain', () => {
  expect(mapError(named('LimitExceededException', 400, 2), place).certainty).toBe('unknown');
});

test('a record of its own says that it was not written, unless the service failed', () => {
  const throttled = mapEntryError({ ErrorCode: 'ServiceUnavailableException' }, place);
  expect(throttled).toMatchObject({
    error: { code: 'throttled', retryable: true },
    certainty: 'rejected',
  });
  const failed = mapEntryError({ ErrorCode: 'InternalFailure', ErrorMessage: 'x' }, place);
  expect(failed).toMatchObject({
    error: { code: 'unavailable', retryable: true },
    certainty: 'unknown',
  });
});

test('a sender ends where no waiting helps', () => {
  expect(endsConnection(mapError(named('ResourceNotFoundException'), place).error)).toBe(true);
  expect(endsConnection(mapError(named('AccessDeniedException'), place).error)).toBe(true);
  expect(endsConnection(mapError(named('ServiceUnavailableException'), place).error)).toBe(false);
});
