import type { Receiver, ReceiverOptions, WireDelivery } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import {
  deadOrders,
  ids,
  message,
  never,
  openReceiver,
  openSender,
  orders,
  provision,
  receiveNow,
  send,
  settle,
  type Setup,
  setUp,
} from './support.ts';

interface Worker {
  readonly receiver: Receiver;
  /** What it was told of lanes, as `state lane`. */
  readonly told: string[];
}

async function work(setup: Setup, onLane?: ReceiverOptions['onLane']): Promise<Worker> {
  const told: string[] = [];
  const receiver = await openReceiver(setup, {
    async onLane(lane, state) {
      told.push(`${state} ${lane}`);
      await onLane?.(lane, state);
    },
  });
  return { receiver, told };
}

async function sendKeys(setup: Setup, count: number, from = 0): Promise<void> {
  const sender = await openSender(setup.transport);
  const batch = Array.from({ length: count }, (_, index) => {
    const id = from + index;
    return message(`${id}`, { key: `key-${id % 10}` });
  });
  await send(sender, ...batch);
}

function lanesOf(deliveries: readonly WireDelivery[]): string[] {
  return [...new Set(deliveries.map(({ lane }) => lane ?? ''))].sort();
}

/** Settles all of a lane that `deliveries` has. */
async function checkpoint(
  receiver: Receiver,
  deliveries: readonly WireDelivery[],
  lane: string,
): Promise<unknown> {
  const last = deliveries.findLast((each) => each.lane === lane);
  if (last === undefined) throw new Error(`nothing of ${lane}`);
  return receiver.checkpoint?.(lane, last.token, never);
}

test('a log says what it can do', async () => {
  const { transport } = await setUp({ shards: 2 });
  expect(transport.capabilities).toMatchObject({
    settle: 'watermark',
    lease: false,
    release: 'none',
  });
});

test('keys spread over the shards, each in order, and every group reads all', async () => {
  const setup = await setUp({ shards: 4 });
  await provision(setup.transport, { ...orders, group: 'shipping' });
  await sendKeys(setup, 100);
  for (const group of ['billing', 'shipping']) {
    const receiver = await openReceiver(setup, {}, { ...orders, group });
    const deliveries = await receiveNow(receiver);
    expect(deliveries).toHaveLength(100);
    expect(lanesOf(deliveries).length).toBeGreaterThan(1);
    const shards = new Map<string, string>();
    const last = new Map<string, number>();
    for (const {
      message: { id, key },
      lane,
    } of deliveries) {
      expect(shards.get(key ?? '') ?? lane).toBe(lane);
      expect(Number(id)).toBeGreaterThan(last.get(key ?? '') ?? -1);
      shards.set(key ?? '', lane ?? '');
      last.set(key ?? '', Number(id));
    }
  }
});

test('what was not checkpointed comes again, from there on', async () => {
  const setup = await setUp({ shards: 1 });
  await sendKeys(setup, 5);
  const { receiver } = await work(setup);
  const deliveries = await receiveNow(receiver, 4);
  expect(await settle(receiver, deliveries)).toEqual(['done', 'done', 'done', 'done']);
  expect(await settle(receiver, deliveries.slice(0, 1), 'release')).toMatchObject([
    { failed: { code: 'unsupported' } },
  ]);
  await receiver.checkpoint?.('shard-0', deliveries[1]!.token, never);
  await receiver.checkpoint?.('shard-0', deliveries[0]!.token, never);
  expect(setup.broker.unsettled('orders', 'billing').map(({ state }) => state)).toEqual([
    'in-flight',
    'in-flight',
    'ready',
  ]);
  setup.broker.faults.cut();
  expect(await receiver.checkpoint?.('shard-0', deliveries[3]!.token, never)).toBe('lost');
  expect(await settle(receiver, deliveries.slice(0, 1))).toEqual(['lost']);
  const next = await work(setup);
  expect(ids(await receiveNow(next.receiver))).toEqual(['2', '3', '4']);
});

test('a member that joins gets its part after the other let go of it', async () => {
  const setup = await setUp({ shards: 4 });
  await sendKeys(setup, 100);
  const letGo: (() => void)[] = [];
  const first = await work(setup, () => new Promise((resolve) => letGo.push(resolve)));
  const taken = await receiveNow(first.receiver, 50);
  const second = await work(setup);
  await setup.clock.advance(0);
  expect(first.told).toEqual(['revoking shard-2', 'revoking shard-3']);
  const rest = await receiveNow(first.receiver);
  expect(lanesOf(rest).every((lane) => ['shard-0', 'shard-1'].includes(lane))).toBe(true);
  expect(await receiveNow(second.receiver)).toEqual([]);
  for (const lane of ['shard-2', 'shard-3']) {
    if (taken.some((each) => each.lane === lane)) await checkpoint(first.receiver, taken, lane);
  }
  const waiting = second.receiver.receive(100, never);
  for (const resolve of letGo) resolve();
  const firstOfSecond = await waiting;
  const restOfSecond = await receiveNow(second.receiver);
  const all = [...taken, ...rest, ...firstOfSecond, ...restOfSecond];
  expect(new Set(ids(all)).size).toBe(100);
  expect(all).toHaveLength(100);
  const kept = [...taken, ...rest].filter(({ lane }) => lane === 'shard-0' || lane === 'shard-1');
  expect(await checkpoint(first.receiver, kept, lanesOf(kept)[0]!)).toBe('done');
});

test('a lane is revoked only when core must have seen what it has of it', async () => {
  const setup = await setUp({ shards: 2 });
  await sendKeys(setup, 20);
  const first = await work(setup);
  await receiveNow(first.receiver);
  await work(setup);
  await Promise.resolve();
  expect(first.told).toEqual([]);
  void first.receiver.receive(1, never);
  await setup.clock.advance(0);
  expect(first.told).toEqual(['revoking shard-1']);
});

test('a member that leaves hands on at once', async () => {
  const setup = await setUp({ shards: 2 });
  const [first, second] = [await work(setup), await work(setup)];
  await setup.clock.advance(0);
  await sendKeys(setup, 20);
  const part = await receiveNow(first.receiver);
  const waiting = second.receiver.receive(100, never);
  expect(lanesOf(await waiting)).toEqual(['shard-1']);
  await first.receiver.close(never);
  expect(ids(await receiveNow(second.receiver))).toEqual(ids(part));
  expect(second.told).toEqual([]);
});

test('a stolen lane is lost, and its old owner fenced', async () => {
  const setup = await setUp({ shards: 1 });
  await sendKeys(setup, 3);
  const first = await work(setup);
  const deliveries = await receiveNow(first.receiver);
  const second = await work(setup);
  const waiting = second.receiver.receive(100, never);
  setup.broker.faults.expireLeases();
  await setup.clock.advance(0);
  expect(first.told).toEqual(['lost shard-0']);
  expect(ids(await waiting)).toEqual(['0', '1', '2']);
  expect(await checkpoint(first.receiver, deliveries, 'shard-0')).toBe('lost');
  expect(await first.receiver.checkpoint?.('shard-0', 'end', never)).toBe('lost');
  expect(setup.broker.unsettled('orders', 'billing')).toHaveLength(3);
});

test('a lone member gets a lost lane back, once it has let go of it, and reads it anew', async () => {
  const setup = await setUp({ shards: 2 });
  await sendKeys(setup, 20);
  const letGo: (() => void)[] = [];
  const { receiver } = await work(setup, () => new Promise((resolve) => letGo.push(resolve)));
  const deliveries = await receiveNow(receiver);
  setup.broker.faults.expireLeases();
  await setup.clock.advance(0);
  expect(await receiveNow(receiver)).toEqual([]);
  letGo[0]!();
  const again = await receiver.receive(100, never);
  expect(ids(again)).toEqual(ids(deliveries.filter(({ lane }) => lane === 'shard-0')));
  expect(await receiveNow(receiver)).toEqual([]);
  expect(await checkpoint(receiver, deliveries, 'shard-0')).toBe('lost');
  expect(await checkpoint(receiver, again, 'shard-0')).toBe('done');
});

test('a lane that is stolen back waits until its first owner has let go of it', async () => {
  const setup = await setUp({ shards: 1 });
  const letGo: (() => void)[] = [];
  const first = await work(setup, () => new Promise((resolve) => letGo.push(resolve)));
  await sendKeys(setup, 3);
  await receiveNow(first.receiver);
  await work(setup);
  setup.broker.faults.expireLeases();
  await setup.clock.advance(0);
  setup.broker.faults.expireLeases();
  expect(await receiveNow(first.receiver)).toEqual([]);
});

test('what came out of a shard is begun only when all of it is settled', async () => {
  const setup = await setUp({ shards: 1 });
  await sendKeys(setup, 10);
  const { receiver, told } = await work(setup);
  const before = await receiveNow(receiver, 5);
  expect(setup.broker.split('orders', 'shard-0')).toEqual(['shard-1', 'shard-2']);
  expect(setup.broker.lanes('orders')).toEqual(['shard-1', 'shard-2']);
  expect(() => setup.broker.split('orders', 'shard-0')).toThrow(
    expect.objectContaining({ code: 'not-found' }),
  );
  await sendKeys(setup, 10, 10);
  expect(await receiver.checkpoint?.('shard-0', 'end', never)).toMatchObject({
    failed: { code: 'invalid-argument' },
  });
  const rest = await receiveNow(receiver);
  expect(ids([...before, ...rest])).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`));
  await setup.clock.advance(0);
  expect(told).toEqual([]);
  expect(await receiveNow(receiver)).toEqual([]);
  await setup.clock.advance(0);
  expect(told).toEqual(['ended shard-0']);
  const waiting = receiver.receive(100, never);
  await checkpoint(receiver, rest, 'shard-0');
  expect(setup.broker.unsettled('orders', 'billing')).toHaveLength(10);
  expect(await receiver.checkpoint?.('shard-0', 'end', never)).toBe('done');
  const after = [...(await waiting), ...(await receiveNow(receiver))];
  expect(lanesOf(after)).toEqual(['shard-1', 'shard-2']);
  expect(new Set(ids(after)).size).toBe(10);
  expect(told).toEqual(['ended shard-0']);
});

test('an idle reader hears of a split', async () => {
  const setup = await setUp({ shards: 1 });
  const { receiver, told } = await work(setup);
  const waiting = receiver.receive(1, never);
  setup.broker.split('orders', 'shard-0');
  await setup.clock.advance(0);
  expect(told).toEqual(['ended shard-0']);
  await receiver.checkpoint?.('shard-0', 'end', never);
  await sendKeys(setup, 1);
  expect(ids(await waiting)).toEqual(['0']);
});

test('a paused lane brings nothing, the others go on', async () => {
  const setup = await setUp({ shards: 2 });
  const { receiver } = await work(setup);
  receiver.pauseLane?.('shard-0', true);
  await sendKeys(setup, 20);
  expect(lanesOf(await receiveNow(receiver))).toEqual(['shard-1']);
  const waiting = receiver.receive(100, never);
  receiver.pauseLane?.('shard-0', false);
  expect(lanesOf(await waiting)).toEqual(['shard-0']);
});

test('a small receive takes turns among lanes', async () => {
  const setup = await setUp({ shards: 2 });
  await sendKeys(setup, 40);
  const { receiver } = await work(setup);
  const some = [...(await receiveNow(receiver, 2)), ...(await receiveNow(receiver, 2))];
  expect(lanesOf(some)).toEqual(['shard-0', 'shard-1']);
});

test('a new group starts where it says', async () => {
  const setup = await setUp({ shards: 3 });
  await sendKeys(setup, 10);
  await setup.clock.advance(1_000);
  const from = new Date(setup.clock.now());
  await sendKeys(setup, 10, 10);
  const read = async (group: string, start: ReceiverOptions['from']): Promise<number[]> => {
    const receiver = await openReceiver(setup, { from: start }, { ...orders, group });
    return ids(await receiveNow(receiver))
      .map(Number)
      .sort((one, other) => one - other);
  };
  const upTo = (start: number): number[] =>
    Array.from({ length: 20 - start }, (_, index) => start + index);
  expect(await read('a', 'earliest')).toEqual(upTo(0));
  expect(await read('b', 'latest')).toEqual([]);
  expect(await read('c', from)).toEqual(upTo(10));
  expect(await read('d', { position: '6' })).toEqual(upTo(5));
});

test('a log keeps what a group has not settled, and else what it is told to', async () => {
  const setup = await setUp({ shards: 1, retain: 10 });
  await sendKeys(setup, 100);
  const { receiver } = await work(setup);
  const deliveries = await receiveNow(receiver);
  expect(ids(deliveries)[0]).toBe('0');
  await checkpoint(receiver, deliveries.slice(0, 95), 'shard-0');
  await sendKeys(setup, 1);
  expect(setup.broker.published('orders')).toHaveLength(10);
  expect(ids(await receiveNow(receiver))).toEqual(['0']);
});

test('one group can be meant; a doubled message and a purge work as on queues', async () => {
  const setup = await setUp({ shards: 1 });
  await provision(setup.transport, { ...orders, group: 'shipping' });
  await send(await openSender(setup.transport, orders), message('1'));
  expect(setup.broker.unsettled('orders', 'shipping')).toEqual([]);
  expect(setup.broker.published('orders')).toEqual([]);
  expect(await receiveNow(await openReceiver(setup, {}, { ...orders, group: 'shipping' }))).toEqual(
    [],
  );
  setup.broker.faults.duplicate();
  const { receiver } = await work(setup);
  const deliveries = await receiveNow(receiver);
  expect(ids(deliveries)).toEqual(['1', '1']);
  await sendKeys(setup, 3);
  await setup.transport.admin?.purge?.(orders, never);
  expect(await receiveNow(receiver)).toEqual([]);
  expect(await setup.transport.admin?.backlog?.(orders, never)).toMatchObject({
    ready: 0,
    inFlight: 0,
  });
});

test('dead letters of a log are a queue: they are settled one by one', async () => {
  const setup = await setUp({ shards: 2 });
  await send(await openSender(setup.transport, deadOrders), message('1'), message('2'));
  const receiver = await openReceiver(setup, {}, deadOrders);
  const deliveries = await receiveNow(receiver);
  await settle(receiver, deliveries.slice(1));
  expect(setup.broker.deadLetters('orders', 'billing').map((each) => each.message.id)).toEqual([
    '1',
  ]);
});
