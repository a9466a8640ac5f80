import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Transport } from '@intermodal/core/driver';
import { expect } from 'vitest';
import { never } from './driver-calls.ts';

export interface Host {
  readonly host: string;
  readonly port: number;
}

/** A port at which nobody listens: so a standby looks. */
export async function closedPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

/** With a password that contains `not-the-p`, which stands in no error. */
export async function expectLoginRefused(transport: Transport): Promise<void> {
  const error: unknown = await transport.check(undefined, never).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'permission-denied', retryable: false });
  expect(String(error) + JSON.stringify(error)).not.toContain('not-the-p');
}

/** While connecting it ends with its bound, with the transport and with the caller's signal. */
export async function expectSilenceToEnd(
  transportTo: (options: { hosts: Host[]; connectTimeoutMs?: number }) => Transport,
): Promise<void> {
  const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const hosts = [{ host: '127.0.0.1', port }];
  const bounded = transportTo({ hosts, connectTimeoutMs: 200 });
  const unavailable = { code: 'unavailable', retryable: true };
  await expect(bounded.check(undefined, never)).rejects.toMatchObject(unavailable);

  const patient = transportTo({ hosts });
  const ended = patient.check(undefined, never).catch((error: unknown) => error);
  await once(silent, 'connection');
  await patient.close();
  expect(await ended).toMatchObject({ code: 'closed' });

  const third = transportTo({ hosts });
  const giveUp = new AbortController();
  const aborted = third.check(undefined, giveUp.signal).catch((error: unknown) => error);
  giveUp.abort('enough');
  expect(await aborted).toBe('enough');
  await third.close();
  silent.close();
  await once(silent, 'close');
}
