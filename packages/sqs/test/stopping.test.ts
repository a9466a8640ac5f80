import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';
import { channel, createClient } from '@intermodal/core';
import { expect, test } from 'vitest';
import { sqsTransport } from '../src/index.ts';

const emulators: readonly AwsBroker[] = ['fauxqs', 'moto'];

// Both emulators hand messages to a poll that its client has given up, as AWS may: an aborted poll would keep them.
test.each(emulators)('a consumer stopped in a long poll strands nothing on %s', async (broker) => {
  const transport = () => sqsTransport({ ...awsClientOptions(broker), waitSeconds: 4 });
  const [publisher, stopping, other] = [1, 2, 3].map(() =>
    createClient({ transport: transport() }),
  );
  const orders = channel<number>(`stopping-${crypto.randomUUID().slice(0, 8)}`);
  await publisher!.provision([orders]);
  const seen: number[] = [];
  const consumer = await stopping!.consume(orders, { leaseMs: 600_000 }, ({ body }) => {
    seen.push(body);
  });
  await publisher!.publish(orders, 0);
  await expect.poll(() => seen).toEqual([0]);
  const stopped = consumer.stop(); // its next poll is open
  const bodies = Array.from({ length: 20 }, (_, index) => index + 1);
  await publisher!.publishMany(
    orders,
    bodies.map((body) => ({ body })),
  );
  await other!.consume(orders, { leaseMs: 600_000 }, ({ body }) => {
    seen.push(body);
  });
  await expect.poll(() => new Set(seen).size, { timeout: 10_000 }).toBe(21);
  expect(seen).toHaveLength(21);
  expect(await stopped).toMatchObject({ abandoned: 0 });
  for (const client of [publisher, stopping, other]) await client!.close();
});
