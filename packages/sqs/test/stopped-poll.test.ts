import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';
import { startAwsProxy } from '@intermodal/brokers/faults';
import { channel, createClient } from '@intermodal/core';
import { expect, test } from 'vitest';
import { sqsTransport } from '../src/index.ts';

/** Longer than anything here is waited for: what is stranded does not come in time. */
const leaseMs = 60_000;
const stranded = { timeout: 10_000 };
const keys = ['a', 'b', 'c', 'd'];
const count = 24;

const places: readonly { readonly broker: AwsBroker; readonly fifo: boolean }[] = [
  { broker: 'fauxqs', fifo: false },
  { broker: 'fauxqs', fifo: true },
  { broker: 'moto', fifo: false },
  { broker: 'moto', fifo: true },
];

test.each(places)(
  'a consumer stopped in the middle of a long poll strands nothing on $broker, fifo: $fifo',
  async ({ broker, fifo }) => {
    const { endpoint } = awsClientOptions(broker);
    await using proxy = await startAwsProxy(endpoint);
    let taken = 0;
    proxy.inject(({ operation }) =>
      operation === 'ReceiveMessage'
        ? {
            kind: 'edit',
            edit(output) {
              taken += Array.isArray(output['Messages']) ? output['Messages'].length : 0;
              return output;
            },
          }
        : undefined,
    );
    const orders = channel<{ key: string; place: number }>(
      `stopped-${crypto.randomUUID().slice(0, 8)}`,
    );
    await using stopped = createClient({
      transport: sqsTransport({ ...awsClientOptions(broker, {}, proxy.endpoint), fifo, leaseMs }),
    });
    await using other = createClient({
      transport: sqsTransport({ ...awsClientOptions(broker), fifo, leaseMs, waitSeconds: 1 }),
    });
    await other.provision([orders]);

    let handledByStopped = 0;
    const consumer = await stopped.consume(orders, {}, () => {
      handledByStopped += 1;
    });
    await proxy.until(({ pending }) => pending('ReceiveMessage') > 0);
    const stopping = consumer.stop();
    await other.publishMany(
      orders,
      Array.from({ length: count }, (_, place) => {
        const key = keys[place % keys.length]!;
        return { body: { key, place }, key };
      }),
    );
    const seen: { readonly key: string; readonly place: number }[] = [];
    await other.consume(orders, { concurrency: 32 }, ({ body }) => {
      seen.push(body);
    });
    await expect.poll(() => new Set(seen.map(({ place }) => place)).size, stranded).toBe(count);

    // Otherwise this has shown nothing: the poll went on, and brought some of them.
    expect(taken).toBeGreaterThan(0);
    expect(handledByStopped).toBe(0);
    expect(await stopping).toMatchObject({ completed: 0, abandoned: 0 });
    if (!fifo) return;
    for (const key of keys) {
      const places = seen.filter((one) => one.key === key).map(({ place }) => place);
      expect(places).toEqual(places.toSorted((one, next) => one - next));
    }
  },
);
