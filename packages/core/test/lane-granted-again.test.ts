import { expect, test } from 'vitest';
import { channel, createClient } from '../src/index.ts';
import { fakeDelivery, fakeDriver, plainCapabilities } from './support/fake-driver.ts';

const log = { ...plainCapabilities, settle: 'watermark', retry: 'local', lease: false } as const;

test.each(['revoking', 'ended'] as const)(
  'a lane that is lost while it is %s, and granted again, is worked on from its beginning',
  async (state) => {
    const driver = fakeDriver('log', log, { log: true });
    await using client = createClient({ transport: driver });
    const seen: string[] = [];
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const orders = channel<string>('orders');
    const options = { group: 'billing', checkpointMs: 1 };
    await client.consume(orders, options, async ({ id }) => {
      seen.push(id);
      if (seen.length === 1) await finished;
    });
    await expect.poll(() => driver.receivers[0]?.polls).toHaveLength(1);
    const [receiver] = driver.receivers;
    const bring = (id: string): void => {
      const { message, ...delivery } = fakeDelivery(id, { lane: 'shard' });
      receiver?.polls[0]?.bring({
        ...delivery,
        message: { ...message, key: id, body: JSON.stringify(id) },
      });
    };
    bring('m1');
    await expect.poll(() => seen).toEqual(['m1']);

    const leaving = receiver?.options.onLane('shard', state);
    await receiver?.options.onLane('shard', 'lost');
    await leaving;
    await expect.poll(() => receiver?.polls).toHaveLength(1);
    bring('m1');
    await expect.poll(() => receiver?.polls).toHaveLength(1);
    bring('m2');
    await expect.poll(() => seen).toContain('m2');
    expect(receiver?.checkpoints).toEqual([]);
    finish();
    await expect.poll(() => seen).toEqual(['m1', 'm2', 'm1']);
    await expect.poll(() => receiver?.checkpoints).toHaveLength(1);
    expect(receiver?.checkpoints).not.toContainEqual(['shard', 'end']);
  },
);
