import { IntermodalError } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { mapError } from './map-error.ts';

function error(message: string, more: Readonly<Record<string, unknown>> = {}): Error {
  return Object.assign(new Error(message), more);
}

const place = { name: "queue 'orders.billing'" };

test.each([
  [error('Channel closed by server: 404', { code: 404 }), 'not-found', false],
  [error('… is down or inaccessible', { code: 404 }), 'unavailable', true],
  [error('… inequivalent arg', { code: 406 }), 'mismatch', false],
  [error('… unknown delivery tag 7', { code: 406 }), 'unavailable', true],
  [error('… delivery acknowledgement on channel 1 timed out', { code: 406 }), 'unavailable', true],
  [error('… message size 5 is larger than 4', { code: 406 }), 'too-large', false],
  [error('… invalid expiration', { code: 406 }), 'invalid-message', false],
  [error('ACCESS_REFUSED', { code: 403 }), 'permission-denied', false],
  [error('RESOURCE_LOCKED', { code: 405 }), 'unavailable', true],
  [error('NOT_ALLOWED', { code: 530 }), 'permission-denied', false],
  [error('CONNECTION_FORCED', { code: 320 }), 'unavailable', true],
  [error('INTERNAL_ERROR', { code: 541 }), 'unavailable', true],
  [error('NOT_IMPLEMENTED', { code: 540 }), 'unsupported', false],
  [error('Handshake terminated by server: 403 (ACCESS-REFUSED)'), 'permission-denied', false],
  [error('Handshake terminated by server: 541 (INTERNAL-ERROR)'), 'unavailable', true],
  [error('Expected ConnectionOpenOk; got <ConnectionClose channel:0>'), 'permission-denied', false],
  [error('SASL mechanism EXTERNAL is not provided by the server'), 'permission-denied', false],
  [error('refused', { code: 'ECONNREFUSED', syscall: 'connect' }), 'unavailable', true],
  [error('no such host', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'unavailable', true],
  [error('reset', { code: 'ECONNRESET', syscall: 'read' }), 'unavailable', true],
  [error('self-signed', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'unavailable', false],
  [error('other name', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 'unavailable', false],
  [error('no TLS', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }), 'unavailable', false],
  [error('connect ETIMEDOUT'), 'unavailable', true],
  [error('Heartbeat timeout'), 'unavailable', true],
  [error('Socket closed abruptly during opening handshake'), 'unavailable', true],
  [error('channel closed'), 'unavailable', true],
  [error('something new'), 'unknown', true],
  ['not even an error', 'unknown', true],
])('%s', (cause, code, retryable) => {
  const mapped = mapError(cause, place);
  expect(mapped).toMatchObject({ code, retryable, transport: 'amqp', address: place.name, cause });
  expect(mapped.message).toContain(place.name);
});

test('what opening again declares is worth another try when it is missing', () => {
  const missing = error('NOT_FOUND', { code: 404 });
  expect(mapError(missing, { ...place, isMendable: true })).toMatchObject({
    code: 'not-found',
    retryable: true,
  });
});

test('an error of ours stays what it is', () => {
  const ours = new IntermodalError('closed', 'the transport is closed');
  expect(mapError(ours, place)).toBe(ours);
});
