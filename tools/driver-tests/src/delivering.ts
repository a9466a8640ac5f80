import type { Address, Transport, WireDelivery } from '@intermodal/core/driver';
import { expect } from 'vitest';
import {
  collect,
  ids,
  message,
  never,
  openReceiver,
  publish,
  send,
  settle,
  wholeChannel,
} from './driver-calls.ts';

/** Of a connection through that proxy: what was under way is unknown, and what was held comes again. */
export async function expectSilenceFound(
  proxy: { blackHole(): void },
  transport: Transport,
  address: Address,
): Promise<void> {
  await publish(transport, address, 'a');
  const receiver = await openReceiver(transport, address);
  const held = await collect(receiver, 1);
  const sender = await transport.openSender(address, never);
  proxy.blackHole();
  const [outcome] = await send(sender, message('b'));
  expect(outcome).toMatchObject({ ok: false, certainty: 'unknown' });
  expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
  expect(await settle(receiver, held, 'ack')).toEqual(['lost']);
  expect(ids(await collect(await openReceiver(transport, address), 1))).toEqual(['a']);
}

/** Of two consumers that share what comes, as long as both are there. */
export async function expectKeysToStay(transport: Transport, address: Address): Promise<void> {
  const sender = await transport.openSender(wholeChannel(address), never);
  expect(sender.prepare(message('a', { key: 'k' })).lane).toBe('k');
  const receivers = [
    await openReceiver(transport, address),
    await openReceiver(transport, address),
  ];
  const shares: WireDelivery[][] = receivers.map(() => []);
  const stop = new AbortController();
  const receiving = receivers.map(async (receiver, index) => {
    while (!stop.signal.aborted) shares[index]?.push(...(await receiver.receive(100, stop.signal)));
  });
  for (let n = 0; n < 20; n += 1) await send(sender, message(`${n}`, { key: `k-${n % 4}` }));
  await expect.poll(() => shares.flat().length, { timeout: 10_000 }).toBe(20);
  stop.abort();
  await Promise.all(receiving);
  const keysOf = (share: readonly WireDelivery[]): (string | undefined)[] => [
    ...new Set(share.map(({ lane }) => lane)),
  ];
  const [first = [], second = []] = shares.map(keysOf);
  expect(first.filter((key) => second.includes(key))).toEqual([]);
  expect(second.length).toBeGreaterThan(0);
}

/** By a transport whose messages have at most 1,100,000 bytes. */
export async function expectMegabyte(transport: Transport, address: Address): Promise<void> {
  const sender = await transport.openSender(wholeChannel(address), never);
  const body = Buffer.alloc(1_048_576, 7);
  expect(await send(sender, message('large', { body }))).toEqual([{ ok: true }]);
  const [found] = await collect(await openReceiver(transport, address), 1);
  expect(Buffer.compare(Buffer.from(found?.message.body as Uint8Array), body)).toBe(0);
  const over = (): unknown => sender.prepare(message('over', { body: Buffer.alloc(1_100_000) }));
  expect(over).toThrow(expect.objectContaining({ code: 'too-large' }) as Error);
}
