import { expect, test } from 'vitest';
import {
  channel,
  createClient,
  type IntermodalError,
  type OnFailure,
  Rejection,
  type TelemetryEvent,
} from '../src/index.ts';
import type { WireMessage } from '../src/driver.ts';
import {
  fakeDelivery,
  fakeDriver,
  type FakeReceiver,
  plainCapabilities,
} from './support/fake-driver.ts';

const log = { ...plainCapabilities, settle: 'watermark', retry: 'local', lease: false } as const;
const orders = channel<string>('orders');

interface Setting {
  readonly receiver: FakeReceiver;
  readonly seen: string[];
  readonly events: TelemetryEvent[];
  readonly stats: () => { readonly blocked: number; readonly deadLettered: number };
  readonly broken: Set<string>;
  bring(...messages: readonly (readonly [lane: string, key: string, id: string])[]): Promise<void>;
  close(): Promise<void>;
}

/** A consumer whose handler fails for what is broken. */
async function setting(onFailure: OnFailure): Promise<Setting> {
  const driver = fakeDriver('log', log, { log: true });
  const events: TelemetryEvent[] = [];
  const client = createClient({ transport: driver, telemetry: (event) => void events.push(event) });
  const seen: string[] = [];
  const broken = new Set<string>();
  const retry = { maxAttempts: 2, delayMs: () => 1 };
  const options = { group: 'billing', checkpointMs: 1, prefetch: 16, retry, onFailure };
  const consumer = await client.consume(orders, options, ({ id }) => {
    if (broken.has(id)) throw new Error('not yet');
    seen.push(id);
  });
  await expect.poll(() => driver.receivers[0]?.polls).toHaveLength(1);
  const receiver = driver.receivers[0] as FakeReceiver;
  return {
    receiver,
    seen,
    events,
    broken,
    stats: () => consumer.stats(),
    async bring(...messages) {
      const deliveries = messages.map(([lane, key, id]) => {
        const { message, ...delivery } = fakeDelivery(id, { lane, position: `${lane}:${id}` });
        const body = id.startsWith('bad') ? '{' : JSON.stringify(id);
        return { ...delivery, message: { ...message, key, body } };
      });
      receiver.polls[0]?.bring(...deliveries);
      await expect.poll(() => receiver.polls).toHaveLength(1);
    },
    close: () => client.close({ deadlineMs: 0 }),
  };
}

test('block-key: the rest of its key waits, other keys go on, and nothing is checkpointed past it', async () => {
  const { bring, seen, stats, broken, events, receiver, close } = await setting('block-key');
  broken.add('a1');
  await bring(['s', 'a', 'a1'], ['s', 'a', 'a2'], ['s', 'b', 'b1'], ['t', 'c', 'c1']);
  await expect.poll(() => stats().blocked).toBe(1);
  await bring(['s', 'b', 'b2']);
  await expect.poll(() => seen).toEqual(['b1', 'c1', 'b2']);
  await expect.poll(() => receiver.checkpoints.map(([lane]) => lane)).toEqual(['t']);
  expect(events.filter(({ type }) => type === 'blocked')).toMatchObject([
    { id: 'a1', key: 'a', lane: 's', position: 's:a1', attempt: 2 },
  ]);
  broken.clear();
  await expect.poll(() => seen).toEqual(['b1', 'c1', 'b2', 'a1', 'a2']);
  await expect.poll(() => receiver.checkpoints.map(([lane]) => lane)).toEqual(['t', 's']);
  expect(stats()).toMatchObject({ blocked: 0, deadLettered: 0 });
  expect(events.filter(({ type }) => type === 'unblocked')).toHaveLength(1);
  await close();
});

test('block-shard: nothing after it starts, its lane fetches nothing, other lanes go on', async () => {
  const { bring, seen, stats, broken, receiver, close } = await setting('block-shard');
  broken.add('a1');
  await bring(['s', 'a', 'a1']);
  await expect.poll(() => stats().blocked).toBe(1);
  expect(receiver.paused).toEqual([['s', true]]);
  await bring(['s', 'b', 'b1'], ['t', 'c', 'c1']);
  await expect.poll(() => seen).toEqual(['c1']);
  broken.clear();
  await expect.poll(() => seen).toEqual(['c1', 'a1', 'b1']);
  expect(receiver.paused).toEqual([
    ['s', true],
    ['s', false],
  ]);
  await close();
});

test.each(['block-key', 'block-shard'] as const)(
  '%s: what cannot be understood blocks too, and is no dead letter',
  async (onFailure) => {
    const { bring, seen, stats, events, close } = await setting(onFailure);
    await bring(['s', 'a', 'bad1'], ['t', 'c', 'c1']);
    await expect.poll(() => stats().blocked).toBe(1);
    await expect.poll(() => seen).toEqual(['c1']);
    await expect
      .poll(() => events.filter(({ type }) => type === 'retried').length)
      .toBeGreaterThan(2);
    expect(stats().deadLettered).toBe(0);
    await close();
  },
);

test('in batches it is alone: nothing after it in its shard is handed on, other shards go on', async () => {
  const driver = fakeDriver('log', log, { log: true });
  await using client = createClient({ transport: driver });
  const seen: string[] = [];
  const besides = new Set<string>();
  let broken = true;
  // Tried again sooner than a batch may wait to be full.
  const retry = { maxAttempts: 1, delayMs: () => 1 };
  const options = {
    group: 'billing',
    retry,
    onFailure: 'block-shard',
    max: 4,
    waitMs: 20,
  } as const;
  const consumer = await client.consumeBatch(orders, options, (batch) => {
    const ids = batch.map(({ id }) => id);
    if (consumer.stats().blocked === 1 && ids.includes('a1')) ids.forEach((id) => besides.add(id));
    if (broken && ids.includes('a1')) throw new Error('not yet');
    seen.push(...ids);
  });
  await expect.poll(() => driver.receivers[0]?.polls).toHaveLength(1);
  const bring = async (lane: string, id: string): Promise<void> => {
    const { message, ...delivery } = fakeDelivery(id, { lane });
    const body = JSON.stringify(id);
    driver.receivers[0]?.polls[0]?.bring({ ...delivery, message: { ...message, key: id, body } });
    await expect.poll(() => driver.receivers[0]?.polls).toHaveLength(1);
  };
  await bring('s', 'a1');
  await expect.poll(() => consumer.stats().blocked).toBe(1);
  await bring('s', 'b1');
  for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) await bring('t', id);
  await expect.poll(() => seen).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
  broken = false;
  await expect.poll(() => seen).toContain('b1');
  expect([...besides]).toEqual(['a1']);
});

test('a lane that another worker has now blocks nothing here', async () => {
  const { bring, seen, stats, broken, receiver, close } = await setting('block-shard');
  broken.add('a1');
  await bring(['s', 'a', 'a1']);
  await expect.poll(() => stats().blocked).toBe(1);
  await receiver.options.onLane('s', 'lost');
  await expect.poll(() => stats().blocked).toBe(0);
  await bring(['s', 'b', 'b1']);
  await expect.poll(() => seen).toEqual(['b1']);
  await close();
});

test('a rejection is a dead letter all the same, which says where it was', async () => {
  const driver = fakeDriver('log', log, { log: true });
  await using client = createClient({ transport: driver });
  const options = { group: 'billing', onFailure: 'block-shard' } as const;
  const consumer = await client.consume(orders, options, () => {
    throw new Rejection('unknown customer');
  });
  await expect.poll(() => driver.receivers[0]?.polls).toHaveLength(1);
  const { message, ...delivery } = fakeDelivery('m1', { lane: 's', position: 's:41:0' });
  driver.receivers[0]?.polls[0]?.bring({ ...delivery, message: { ...message, body: '"m1"' } });
  await expect.poll(() => consumer.stats().deadLettered).toBe(1);
  const [letter] = driver.sent.flat().map(({ payload }) => payload as WireMessage);
  expect(letter?.headers.get('imreason')).toBe('unknown customer');
  expect(letter?.headers.get('imposition')).toBe('s:41:0');
});

test('onFailure is refused where there is no log, and a word that is none', async () => {
  const queue = createClient({ transport: fakeDriver('queue', plainCapabilities) });
  const options: object = { onFailure: 'block-key' };
  const refused = queue.consume(orders, { group: 'billing', ...options }, () => undefined);
  await expect(refused).rejects.toMatchObject({
    code: 'unsupported',
  } satisfies Partial<IntermodalError>);
  const client = createClient({ transport: fakeDriver('log', log, { log: true }) });
  const wrong: object = { onFailure: 'drop' };
  await expect(
    client.consume(orders, { group: 'billing', ...wrong }, () => undefined),
  ).rejects.toMatchObject({ code: 'invalid-argument' });
  await Promise.all([queue.close(), client.close()]);
});
