import { expect, test } from 'vitest';
import { channel, createClient, IntermodalError } from '../src/index.ts';
import { fakeDelivery, fakeDriver, plainCapabilities } from './support/fake-driver.ts';

const refusal = new IntermodalError('rejected', 'no such delivery', { retryable: false });

test.each([
  { lease: false, connections: 2, text: 'opens its connection again, which brings it again' },
  { lease: true, connections: 1, text: 'waits for the end of its lease' },
])('an ack that is refused for good $text', async ({ lease, connections }) => {
  const driver = fakeDriver('fake', { ...plainCapabilities, lease });
  driver.settle = (batch) => Promise.resolve(batch.map(() => ({ failed: refusal })));
  const told: string[] = [];
  await using client = createClient({
    transport: driver,
    telemetry: ({ type }) => told.push(type),
  });
  const consumer = await client.consume(
    channel<string>('orders'),
    { group: 'billing' },
    () => undefined,
  );
  await expect.poll(() => driver.receivers[0]?.polls).toHaveLength(1);
  const { message, ...delivery } = fakeDelivery('m1');
  driver.receivers[0]?.polls[0]?.bring({ ...delivery, message: { ...message, body: '"m1"' } });
  await expect.poll(() => told).toContain('settle-failed');
  await expect.poll(() => driver.receivers).toHaveLength(connections);
  expect(consumer.stats()).toMatchObject({ acked: 0, running: 0, waiting: 0 });
  expect(driver.receivers[0]?.closed).toBe(connections - 1);
});
