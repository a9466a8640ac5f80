import { expect, test } from 'vitest';
import { BrokerError, mapError } from './map-error.ts';

test.each([
  ['not_found', 'not-found', false],
  ['access_refused', 'permission-denied', false],
  ['Bad CONNECT', 'permission-denied', false],
  ['User name [admin] or password is invalid.', 'permission-denied', false],
  ['User x is not authorized to write to: queue://orders', 'permission-denied', false],
  ['precondition_failed', 'mismatch', false],
  ['Broker: broker - Client: c already connected from tcp://1', 'rejected', false],
  ['The scheduled repeat value is too large', 'rejected', false],
  ['Usage Manager Memory Limit reached', 'throttled', true],
  ['The maximum header length was exceeded', 'too-large', false],
  ['Unexpected ACK received for message-id [null]', 'lease-lost', false],
  ['Invalid destination', 'invalid-argument', false],
  ['anything else', 'unknown', true],
])('%s', (message, code, retryable) => {
  const error = mapError(new BrokerError(message), { name: "queue 'orders'" });
  expect(error).toMatchObject({ code, retryable, transport: 'stomp', address: "queue 'orders'" });
  expect(error.message).toMatch(/^queue 'orders': /);
});

test.each([
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'unavailable', true],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'unavailable', true],
  [{ code: 'ECONNRESET', syscall: 'read' }, 'unavailable', true],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'unavailable', false],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'unavailable', false],
  [{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, 'unavailable', false],
  [undefined, 'unknown', true],
])('%o', (cause, code, retryable) => {
  const error = cause === undefined ? cause : Object.assign(new Error('it failed'), cause);
  expect(mapError(error, { name: 'a host' })).toMatchObject({ code, retryable });
});

test('nothing that the broker quotes is repeated', () => {
  expect(new BrokerError('Unknown STOMP action: secret').message).toBe('Unknown STOMP action');
  const { message } = new BrokerError('User name [admin] or password is invalid.');
  expect(message).toBe('User name or password is invalid.');
});

test('an error of ours stays what it is', () => {
  const error = mapError(new Error('it ended'), { name: 'a host' });
  expect(mapError(error, { name: 'another' })).toBe(error);
});
