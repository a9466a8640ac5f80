import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';
import { channel, createClient } from '@intermodal/core';
import { expect, test } from 'vitest';
import { snsTransport } from '../src/index.ts';

const places: readonly { readonly broker: AwsBroker; readonly fifo: boolean }[] = [
  { broker: 'fauxqs', fifo: false },
  { broker: 'fauxqs', fifo: true },
  { broker: 'moto', fifo: true },
];

const count = 120;
const all = Array.from({ length: count }, (_, n) => n);

/** What a group was handed, once each: a standard queue may repeat. */
interface Group {
  readonly seen: Set<number>;
  /** By key, in the order in which they came first. */
  readonly byKey: Map<string | undefined, number[]>;
  readonly whole: Promise<void>;
  take(n: number, key: string | undefined): void;
}

function group(): Group {
  let finish = (): void => undefined;
  const whole = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const seen = new Set<number>();
  const byKey = new Map<string | undefined, number[]>();
  return {
    seen,
    byKey,
    whole,
    take(n, key) {
      if (seen.has(n)) return;
      seen.add(n);
      byKey.set(key, [...(byKey.get(key) ?? []), n]);
      if (seen.size === count) finish();
    },
  };
}

test.each(places)(
  'of three groups one hangs and one is dead, the third has everything, and later both do, on $broker, fifo: $fifo',
  async ({ broker, fifo }) => {
    const orders = channel<{ n: number }>(`groups-${crypto.randomUUID().slice(0, 8)}`);
    const connection = awsClientOptions(broker);
    const transport = snsTransport({ ...connection, fifo, queues: { waitSeconds: 1 } });
    await using client = createClient({ transport });
    await client.provision([orders], { groups: ['quick', 'hanging', 'dead'] });

    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const quick = group();
    const hanging = group();
    const concurrency = 4;
    await client.consume(orders, { group: 'hanging', concurrency }, async ({ body, key }) => {
      hanging.take(body.n, key);
      await held;
    });
    await client.consume(orders, { group: 'quick', concurrency }, ({ body, key }) => {
      quick.take(body.n, key);
    });
    const outcomes = await client.publishMany(
      orders,
      all.map((n) => ({ body: { n }, key: `customer-${n % 12}` })),
    );
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);

    await quick.whole;
    // All the while the handlers of the other group have not returned once.
    expect(hanging.seen.size).toBeLessThanOrEqual(concurrency);
    expect((await client.backlog(orders, { group: 'dead' })).ready).toBe(count);

    letGo();
    const dead = group();
    await client.consume(orders, { group: 'dead', concurrency }, ({ body, key }) => {
      dead.take(body.n, key);
    });
    await Promise.all([hanging.whole, dead.whole]);
    for (const { seen, byKey } of [quick, hanging, dead]) {
      expect([...seen].toSorted((one, other) => one - other)).toEqual(all);
      if (!fifo) continue;
      for (const came of byKey.values())
        expect(came).toEqual(came.toSorted((one, other) => one - other));
    }
  },
  120_000,
);
