import { IntermodalError } from '@intermodal/core';
import { expect, test } from 'vitest';
import { mapError, reasonError } from './map-error.ts';

const coded = (code: string | number, more: object = {}): Error =>
  Object.assign(new Error('some words'), { code, ...more });

test.each([
  [coded(1), 'unsupported', false],
  [coded(4), 'permission-denied', false],
  [coded(134), 'permission-denied', false],
  [coded(135), 'permission-denied', false],
  [coded(16), 'not-found', false],
  [coded(149), 'too-large', false],
  [coded(151), 'unavailable', true],
  [coded(153), 'rejected', false],
  [coded(158), 'unsupported', false],
  [coded(200), 'unknown', true],
  [coded('ECONNREFUSED', { syscall: 'connect' }), 'unavailable', true],
  [coded('ENOTFOUND', { syscall: 'getaddrinfo' }), 'unavailable', true],
  [coded('ECONNRESET'), 'unavailable', true],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'unavailable', false],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'unavailable', false],
  [new Error('Keepalive timeout'), 'unavailable', true],
  [new Error('Unexpected server response: 404'), 'unavailable', false],
  [new Error('Invalid header flag bits'), 'unavailable', true],
  ['text', 'unknown', true],
])('%s is %s', (cause, code, retryable) => {
  const error = mapError(cause, "topic 'orders'");
  expect(error).toMatchObject({ code, retryable, transport: 'mqtt', address: "topic 'orders'" });
  expect(error.message).toContain("topic 'orders': ");
  expect(error.message).not.toContain('some words');
});

test('an error of ours stays what it is', () => {
  const error = new IntermodalError('closed', 'it is closed');
  expect(mapError(error, 'anything')).toBe(error);
});

test('a reason that is told as a number alone', () => {
  expect(reasonError(142, 'group')).toMatchObject({ code: 'unavailable', retryable: true });
});
