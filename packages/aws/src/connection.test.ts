import { openTransport, type TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connection, connectionOf, statedConnection } from './connection.ts';

beforeEach(() => {
  vi.stubEnv('AWS_REGION', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function connectionIn(url: string): Promise<Connection | undefined> {
  let found: Connection | undefined;
  const capabilities = {} as Transport['capabilities'];
  function pigeon(location: TransportLocation): Transport {
    found = connectionOf(location);
    return {
      name: 'pigeon',
      capabilities,
      openSender: () => Promise.reject(new Error('a pigeon opens nothing')),
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  await openTransport(url, { pigeon });
  return found;
}

test.each([
  ['pigeon:', {}],
  ['pigeon:?region=eu-west-1', { region: 'eu-west-1' }],
  [
    'pigeon:?endpoint=https://loft.example',
    { region: 'us-east-1', endpoint: 'https://loft.example' },
  ],
  [
    'pigeon://127.0.0.1:4566/?region=eu-west-1',
    { region: 'eu-west-1', endpoint: 'http://127.0.0.1:4566' },
  ],
  ['pigeon://loft/?tls', { region: 'us-east-1', endpoint: 'https://loft' }],
  ['pigeon://[::1]:4566/', { region: 'us-east-1', endpoint: 'http://[::1]:4566' }],
  [
    'pigeon://key:secret@loft/',
    {
      region: 'us-east-1',
      endpoint: 'http://loft',
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    },
  ],
])('%s', async (url, expected) => {
  expect(await connectionIn(url)).toEqual(expected);
});

test('the region of the environment comes before the one of emulators', async () => {
  vi.stubEnv('AWS_REGION', 'eu-north-1');
  expect(await connectionIn('pigeon://loft/')).toEqual({ endpoint: 'http://loft' });
});

test.each(['pigeon://a,b/', 'pigeon://key:secret@a/?endpoint=http://b'])(
  '%s is refused',
  async (url) => {
    const found = connectionIn(url);
    await expect(found).rejects.toThrow(/^pigeon: .*more than one endpoint/);
    await expect(found).rejects.toMatchObject({ code: 'invalid-argument', transport: 'pigeon' });
  },
);

test('what is undefined is left out, since clients take it for said', () => {
  const client = { name: 'not a part of it' };
  const options = { region: 'eu-west-1', endpoint: undefined, credentials: undefined, client };
  expect(Object.keys(statedConnection(options))).toEqual(['region']);
});
