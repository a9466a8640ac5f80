import { IntermodalError } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { createErrorMapping, type ErrorRow } from './error-mapping.ts';

const place = "pigeon loft 'orders'";
const rows: readonly ErrorRow[] = [
  ['not-found', 'final', 'there is no such loft', 'NoSuchLoft NoSuchLoftException'],
  ['throttled', 'uncertain', 'the pigeons are tired', 'ServiceUnavailableException'],
];
const errors = createErrorMapping({ transport: 'pigeon', rows });

function mapped(fields: object): unknown {
  const { error, certainty } = errors.mapError(
    Object.assign(new Error('secret body'), fields),
    place,
  );
  return [error.code, error.retryable, certainty];
}

const answer = (httpStatusCode: number, more: object = {}): object => ({
  $metadata: { httpStatusCode, attempts: 1, ...more },
});

test.each([
  [{ name: 'NoSuchLoftException', ...answer(400) }, ['not-found', false, 'rejected']],
  [{ name: 'com.amazonaws.pigeon#NoSuchLoft' }, ['not-found', false, 'rejected']],
  [{ name: 'PigeonServiceException', Code: 'NoSuchLoft' }, ['not-found', false, 'rejected']],
  [{ name: 'ThrottlingException', ...answer(400) }, ['throttled', true, 'rejected']],
  [{ name: 'ExpiredTokenException', ...answer(400) }, ['unavailable', true, 'rejected']],
  [{ name: 'AccessDeniedException', ...answer(400) }, ['permission-denied', false, 'rejected']],
  [{ name: 'CredentialsProviderError' }, ['permission-denied', false, 'rejected']],
  [{ name: 'InternalFailure', ...answer(500) }, ['unavailable', true, 'unknown']],
  [{ name: 'AbortError' }, ['timeout', true, 'unknown']],
])('%j is known by its name: %j', (fields, expected) => {
  expect(mapped(fields)).toEqual(expected);
});

test.each([
  [401, ['permission-denied', false, 'rejected']],
  [403, ['permission-denied', false, 'rejected']],
  [404, ['unsupported', false, 'rejected']],
  [408, ['timeout', true, 'unknown']],
  [413, ['too-large', false, 'rejected']],
  [418, ['rejected', false, 'rejected']],
  [429, ['throttled', true, 'rejected']],
  [500, ['unavailable', true, 'unknown']],
  [599, ['unavailable', true, 'unknown']],
])('status %i with a name that nobody knows is %j', (status, expected) => {
  expect(mapped({ name: 'NovelError', ...answer(status) })).toEqual(expected);
});

test.each([
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, ['unavailable', true, 'rejected']],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, ['unavailable', true, 'rejected']],
  [
    { name: 'TimeoutError', code: 'ETIMEDOUT', syscall: 'connect' },
    ['unavailable', true, 'rejected'],
  ],
  [{ name: 'TimeoutError', code: 'ECONNRESET' }, ['unavailable', true, 'unknown']],
  [{ name: 'TimeoutError', code: 'ETIMEDOUT' }, ['timeout', true, 'unknown']],
  [{ code: 'EPIPE' }, ['unavailable', true, 'unknown']],
  [{ code: 'ERR_HTTP2_STREAM_ERROR' }, ['unavailable', true, 'unknown']],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, ['unavailable', false, 'rejected']],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, ['unavailable', false, 'rejected']],
  [{ code: 'CERT_HAS_EXPIRED' }, ['unavailable', false, 'rejected']],
  [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, ['unavailable', false, 'rejected']],
  [{}, ['unknown', true, 'unknown']],
])('a connection that failed with %j is %j', (fields, expected) => {
  expect(mapped(fields)).toEqual(expected);
});

test('hosts with several addresses fail with an aggregate', () => {
  const cause = Object.assign(new AggregateError([]), { code: 'ETIMEDOUT' });
  expect(errors.mapError(cause, place)).toMatchObject({
    error: { code: 'unavailable' },
    certainty: 'rejected',
  });
});

test('a row of a service of its own wins over what all say alike', () => {
  expect(mapped({ name: 'ServiceUnavailableException', ...answer(503) })).toEqual([
    'throttled',
    true,
    'unknown',
  ]);
});

test('a refusal from which the SDK has learnt the time is tried again', () => {
  const fields = { name: 'SignatureDoesNotMatch', ...answer(403) };
  expect(mapped(fields)).toEqual(['permission-denied', false, 'rejected']);
  const corrected = {
    name: 'SignatureDoesNotMatch',
    ...answer(403, { clockSkewCorrected: true }),
  };
  expect(mapped(corrected)).toEqual(['unavailable', true, 'rejected']);
});

test('after attempts of a client that retries by itself nothing is certain', () => {
  const fields = { name: 'ThrottlingException', ...answer(400, { attempts: 3 }) };
  expect(mapped(fields)).toEqual(['throttled', true, 'unknown']);
});

test('an error names the place, the native code and what to do, and never quotes the native message', () => {
  const cause = Object.assign(new Error('the value secret-body is bad'), { name: 'NoSuchLoft' });
  const { error } = errors.mapError(cause, place);
  expect(error.message).toBe("pigeon loft 'orders': there is no such loft (NoSuchLoft)");
  expect(error).toMatchObject({ transport: 'pigeon', address: place, cause });
});

test('what is no error is unknown, and what is ours already stays as it is', () => {
  for (const cause of [undefined, null, 'not even an error'])
    expect(errors.mapError(cause, place)).toMatchObject({
      error: { code: 'unknown', retryable: true },
      certainty: 'unknown',
    });
  const ours = new IntermodalError('closed', 'closed');
  expect(errors.mapError(ours, place)).toEqual({ error: ours, certainty: 'rejected' });
});

test.each([
  ['NoSuchLoft', ['not-found', false, 'rejected']],
  ['InternalFailure', ['unavailable', true, 'unknown']],
  ['NovelError', ['unknown', true, 'unknown']],
  [undefined, ['unknown', true, 'unknown']],
])('the code %s in an answer', (name, expected) => {
  const entry = { ErrorCode: name };
  const { error, certainty } = errors.mapCode(name, place, entry);
  expect([error.code, error.retryable, certainty]).toEqual(expected);
  expect(error.cause).toBe(entry);
});

test.each([
  [{ Code: 'NoSuchLoft', SenderFault: true }, ['not-found', false, 'rejected']],
  [
    { Code: 'AWS.SimpleQueueService.NoSuchLoft', SenderFault: true },
    ['not-found', false, 'rejected'],
  ],
  [{ Code: 'InternalError', SenderFault: false }, ['unavailable', true, 'unknown']],
  [{ Code: 'NovelError', SenderFault: true }, ['rejected', false, 'rejected']],
  [{ Code: 'NovelError', SenderFault: false }, ['unavailable', true, 'rejected']],
])('an entry that failed with %j', (entry, expected) => {
  const { error, certainty } = errors.mapEntryError({ Id: '0', ...entry }, place);
  expect([error.code, error.retryable, certainty]).toEqual(expected);
});

test('an entry may say in words alone what it means', () => {
  const { mapEntryError } = createErrorMapping({
    transport: 'pigeon',
    rows,
    entryName: ({ Message }) => (Message === 'no loft' ? 'NoSuchLoft' : undefined),
  });
  const entry = { Code: 'InvalidParameterValue', SenderFault: true };
  expect(mapEntryError({ ...entry, Message: 'no loft' }, place).error.code).toBe('not-found');
  expect(mapEntryError({ ...entry, Message: 'x' }, place).error.code).toBe('invalid-argument');
});
