import { setTimeout as sleep } from 'node:timers/promises';
import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';
import { startAwsProxy } from '@intermodal/brokers/faults';
import { channel, type Client, createClient, text } from '@intermodal/core';
import { expect, test, vi } from 'vitest';
import { sqsTransport } from '../src/index.ts';

vi.setConfig({ testTimeout: 60_000 });

const leaseMs = 3_000;
const handlerMs = 12_000;
const bodies = ['a', 'b', 'c'];

const places: readonly { readonly broker: AwsBroker; readonly fifo: boolean }[] = [
  { broker: 'fauxqs', fifo: false },
  { broker: 'fauxqs', fifo: true },
  { broker: 'moto', fifo: false },
  { broker: 'moto', fifo: true },
];

test.concurrent.each(places)(
  'a handler that takes four leases has its message to itself on $broker, fifo: $fifo',
  async ({ broker, fifo }) => {
    const { endpoint } = awsClientOptions(broker);
    await using proxy = await startAwsProxy(endpoint);
    const orders = channel(`exclusive-${crypto.randomUUID().slice(0, 8)}`, { codec: text });
    const events: string[] = [];
    const connection = awsClientOptions(broker, {}, proxy.endpoint);
    const open = (): Client =>
      createClient({
        transport: sqsTransport({ ...connection, fifo, leaseMs, waitSeconds: 1 }),
        telemetry: ({ type }) => events.push(type),
      });
    await using first = open();
    await using second = open();
    await first.provision([orders]);

    const handled: string[] = [];
    const attempts: (number | undefined)[] = [];
    for (const client of [first, second]) {
      const options = { group: orders.name, concurrency: 8 };
      await client.consume(orders, options, async ({ body, attempt, signal }) => {
        attempts.push(attempt);
        await sleep(handlerMs, undefined, { signal });
        handled.push(body);
      });
    }
    await first.publishMany(
      orders,
      bodies.map((body) => ({ body, key: body })),
    );
    await expect
      .poll(() => events.filter((type) => type === 'acked').length, { timeout: 40_000 })
      .toBe(bodies.length);

    expect(handled.toSorted()).toEqual(bodies);
    expect(attempts).toEqual([1, 1, 1]);
    expect(events).not.toContain('lease-lost');
    const renewals = proxy.count('ChangeMessageVisibilityBatch').entries;
    expect(renewals).toBeGreaterThan((bodies.length * handlerMs) / leaseMs);
    // With slots free, both went on looking for messages all the while.
    expect(proxy.count('ReceiveMessage').requests).toBeGreaterThan(handlerMs / leaseMs);
    expect(await first.backlog(orders)).toMatchObject({ ready: 0, inFlight: 0 });
  },
);
