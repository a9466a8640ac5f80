import { expect, test } from 'vitest';
import { clientSettings } from './client-settings.ts';

test('a client makes one attempt, and a request without an answer fails', () => {
  const settings = clientSettings({ requestTimeoutMs: 15_000, connectTimeoutMs: 5_000 });
  const agent = { keepAlive: true, maxSockets: 128 };
  expect(settings).toEqual({
    maxAttempts: 1,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      requestTimeout: 15_000,
      throwOnRequestTimeout: true,
      connectionTimeout: 5_000,
    },
  });
});

test('sockets are as many as are asked for', () => {
  const limits = { requestTimeoutMs: 1, connectTimeoutMs: 1, maxSockets: Infinity };
  expect(clientSettings(limits).requestHandler.httpsAgent.maxSockets).toBe(Infinity);
});
