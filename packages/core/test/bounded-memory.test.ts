import { expect, test } from 'vitest';
import type { Sender, Transport } from '../src/driver.ts';
import { channel, createClient, IntermodalError } from '../src/index.ts';
import { createVirtualClock } from '../src/testing.ts';

const loops = 1_000;
const attemptsPerLoop = 20;
const attempts = loops * attemptsPerLoop;
const publishTimeoutMs = 50;
const maxBatchCount = 100;

const orders = channel<{ readonly order: number }>('orders');

/** Publishes in a thousand loops to a transport that takes nothing; how each attempt settled. */
async function publishAll(
  openSender: Transport['openSender'],
): Promise<Readonly<Record<string, number>>> {
  const clock = createVirtualClock();
  const client = createClient({
    clock,
    publishTimeoutMs,
    transport: {
      name: 'deaf',
      capabilities: {
        receive: false,
        groups: 'none',
        order: 'none',
        isolation: 'none',
        settle: 'none',
        duplicates: 'on-fault',
        durable: false,
        ackConfirmed: false,
        attempts: 'local',
        release: 'none',
        retry: 'local',
        lease: false,
        delay: false,
        ttl: false,
        priority: false,
        dedupe: false,
        replay: false,
        headers: 'native',
      },
      openSender,
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
    } as const,
  });
  const codes: Record<string, number> = {};

  async function loop(): Promise<void> {
    for (let order = 0; order < attemptsPerLoop; order += 1) {
      const code = await client.publish(orders, { order }).then(
        () => 'published',
        (error: unknown) => IntermodalError.from(error).code,
      );
      codes[code] = (codes[code] ?? 0) + 1;
    }
  }

  const all = Promise.all(Array.from({ length: loops }, loop));
  await clock.advance(attemptsPerLoop * (publishTimeoutMs + 20));
  await all;
  const closed = client.close({ deadlineMs: 0 });
  await clock.advance(60_000);
  await closed;
  expect(clock.pending).toBe(0);
  return codes;
}

test('a connection that never opens: every attempt times out', async () => {
  const codes = await publishAll(() => new Promise(() => undefined));
  expect(codes).toEqual({ timeout: attempts });
});

test('a send that is never answered: what was handed over is unknown, everything else times out', async () => {
  let handedOver = 0;
  const sender: Sender = {
    limits: {
      maxBatchCount,
      maxBatchBytes: 1_000_000,
      maxInFlight: 2,
      entries: 'independent',
      lingerMs: 0,
    },
    dead: new Promise(() => undefined),
    prepare: (message) => ({ bytes: message.body.length, lane: undefined, payload: message }),
    send(batch) {
      handedOver += batch.length;
      return new Promise(() => undefined);
    },
    close: () => Promise.resolve(),
  };
  const codes = await publishAll(() => Promise.resolve(sender));
  expect(handedOver).toBe(2 * maxBatchCount);
  expect(codes).toEqual({ 'unknown-outcome': handedOver, timeout: attempts - handedOver });
});
