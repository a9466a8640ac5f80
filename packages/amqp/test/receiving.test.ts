import type { Transport, WireDelivery } from '@intermodal/core/driver';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Rabbit, sharedRabbit } from './broker.ts';
import {
  collect,
  collectFor,
  freshAddress,
  ids,
  message,
  never,
  openReceiver,
  plainPeer,
  provision,
  publish,
  send,
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

let server: Rabbit;
beforeAll(async () => {
  server = await sharedRabbit();
});

/** RabbitMQ 4 tells the consumers of a quorum queue a moment before it forgets the queue. */
const gone: unknown = expect.stringMatching(/^(not-found|unavailable)$/);

describe.each(['quorum', 'classic'] as const)('%s', (queueType) => {
  const transportHere = (options: { singleActiveConsumer?: boolean } = {}): Transport =>
    transportOf({ ...server.options, queueType, ...options });

  test('retry and release bring it again, in its place', async () => {
    const transport = transportHere();
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, 'a', 'b', 'c', 'd');
    const receiver = await openReceiver(transport, address, { prefetch: 2 });
    const [a, b] = await collect(receiver, 2);
    expect(a).toMatchObject({ redelivered: false });
    expect(await settle(receiver, [a as WireDelivery], 'retry')).toEqual(['done']);
    expect(await settle(receiver, [b as WireDelivery], 'release')).toEqual(['done']);
    const again = await collect(receiver, 2);
    expect(ids(again)).toEqual(['a', 'b']);
    expect(again.map(({ redelivered }) => redelivered)).toEqual([true, true]);
    const counted = queueType === 'quorum' ? [2, 2] : [undefined, undefined];
    expect(again.map(({ attempt }) => attempt)).toEqual(counted);
    await settle(receiver, again, 'ack');
    expect(ids(await collect(receiver, 2))).toEqual(['c', 'd']);
  });

  test('settling twice closes nothing', async () => {
    const transport = transportHere();
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, 'a', 'b');
    const receiver = await openReceiver(transport, address, { prefetch: 1 });
    const first = await collect(receiver, 1);
    expect(await settle(receiver, [...first, ...first], 'ack')).toEqual(['done', 'lost']);
    expect(await settle(receiver, first, 'retry')).toEqual(['lost']);
    const second = await collect(receiver, 1);
    expect(await settle(receiver, second, 'ack')).toEqual(['done']);
    await receiver.close(never);
    expect(await receiver.dead).toBeUndefined();
    expect(await settle(receiver, second, 'ack')).toEqual(['lost']);
  });

  test('a queue that is deleted ends the receiver, and opening again declares it', async () => {
    const transport = transportHere();
    const address = freshAddress();
    await provision(transport, address);
    const receiver = await openReceiver(transport, address);
    const waiting = receiver.receive(1, never);
    const peer = await plainPeer(server.url);
    await peer.deleteQueue(`${address.channel}.billing`);
    expect(await receiver.dead).toMatchObject({ code: gone, retryable: true });
    expect(await waiting).toEqual([]);
    const next = await openReceiver(transport, address);
    await publish(transport, address, 'a');
    expect(ids(await collect(next, 1))).toEqual(['a']);
  });

  test('a queue that is deleted and must not be declared is final', async () => {
    const address = freshAddress();
    await provision(transportHere(), address);
    const assuming = transportOf({ ...server.options, queueType, topology: 'assume' });
    const receiver = await openReceiver(assuming, address);
    const peer = await plainPeer(server.url);
    await peer.deleteQueue(`${address.channel}.billing`);
    expect(await receiver.dead).toMatchObject({ code: gone });
    const missing = { code: 'not-found', retryable: false };
    await expect(openReceiver(assuming, address)).rejects.toMatchObject(missing);
  });

  test('a stopped receive leaves what comes to others, and a new one consumes again', async () => {
    const transport = transportHere();
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, 'a', 'b', 'c');
    const paused = await openReceiver(transport, address, { prefetch: 3 });
    const stop = new AbortController();
    const held = await paused.receive(1, stop.signal);
    stop.abort();
    const other = await openReceiver(transport, address);
    expect(ids(await collect(other, 2)).toSorted()).toEqual(
      ['a', 'b', 'c'].filter((id) => !ids(held).includes(id)),
    );
    await publish(transport, address, 'd', 'e');
    expect(ids(await collect(other, 2))).toEqual(['d', 'e']);
    await other.close(never);
    expect(await settle(paused, held, 'ack')).toEqual(['done']);
    const rest = await collect(paused, 3);
    expect(rest).toHaveLength(3);
  });

  test('what was acked just before the end does not come again', async () => {
    const transport = transportHere();
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, ...Array.from({ length: 500 }, (_, n) => `m-${n}`));
    const receiver = await openReceiver(transport, address, { prefetch: 200 });
    for (let count = 0; count < 500;) {
      const found = await receiver.receive(100, never);
      await settle(receiver, found, 'ack');
      count += found.length;
    }
    await receiver.close(never);
    const next = await openReceiver(transport, address);
    expect(await collectFor(next, 300)).toEqual([]);
  });

  test('never more than prefetch are out', async () => {
    const transport = transportHere();
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, 'a', 'b', 'c', 'd');
    const receiver = await openReceiver(transport, address, { prefetch: 2 });
    const held = await collect(receiver, 2);
    expect(await collectFor(receiver, 300)).toEqual([]);
    await settle(receiver, held, 'ack');
    expect(ids(await collect(receiver, 2))).toEqual(['c', 'd']);
  });

  test('a single active consumer keeps its turn while it is stopped, and hands over in order', async () => {
    const transport = transportHere({ singleActiveConsumer: true });
    const address = freshAddress();
    await provision(transport, address);
    const sender = await transport.openSender(wholeChannel(address), never);
    const keyed = (id: string) => message(id, { key: 'k' });
    expect(sender.prepare(keyed('a')).lane).toBe('k');
    await send(sender, ...['a', 'b', 'c', 'd', 'e', 'f'].map(keyed));
    const active = await openReceiver(transport, address, { prefetch: 3 });
    const standby = await openReceiver(transport, address);
    const stop = new AbortController();
    const held = await active.receive(2, stop.signal);
    stop.abort();
    expect(held[0]?.lane).toBe('k');
    expect(await collectFor(standby, 300)).toEqual([]);
    await settle(active, held.slice(0, 1), 'ack');
    expect(await active.close(never)).toEqual({ abandoned: 0 });
    expect(ids(await collect(standby, 5))).toEqual(['b', 'c', 'd', 'e', 'f']);
  });

  test('what a single active consumer gives back stays before what came later', async () => {
    const transport = transportHere({ singleActiveConsumer: true });
    const address = freshAddress();
    await provision(transport, address);
    const sender = await transport.openSender(wholeChannel(address), never);
    const keyed = (id: string) => message(id, { key: 'k' });
    await send(sender, ...['a', 'b', 'c', 'd', 'e', 'f'].map(keyed));
    const active = await openReceiver(transport, address, { prefetch: 3 });
    const [a, b, c] = (await collect(active, 3)) as [WireDelivery, WireDelivery, WireDelivery];
    await settle(active, [a], 'ack');
    const [d] = await collect(active, 1);
    expect(await settle(active, [c, d as WireDelivery], 'release')).toEqual(['done', 'done']);
    expect(await settle(active, [b], 'retry')).toEqual(['done']);
    expect(await settle(active, [b, c], 'ack')).toEqual(['lost', 'lost']);
    const again = await collect(active, 3);
    expect(ids(again)).toEqual(['b', 'c', 'd']);
    expect(again.map(({ redelivered }) => redelivered)).toEqual([true, true, true]);
    const counted = queueType === 'quorum' ? [2, 1, 1] : [undefined, undefined, undefined];
    expect(again.map(({ attempt }) => attempt)).toEqual(counted);

    await settle(active, again.toReversed(), 'release');
    expect(await active.close(never)).toEqual({ abandoned: 0 });
    const next = await openReceiver(transport, address);
    expect(ids(await collect(next, 5))).toEqual(['b', 'c', 'd', 'e', 'f']);
  });
});

test('priorities', async () => {
  const options = { ...server.options, queueType: 'classic', maxPriority: 9 } as const;
  const transport = transportOf(options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  for (const priority of [0, 9, 4, 9]) await send(sender, message(`p-${priority}`, { priority }));
  const receiver = await openReceiver(transport, address, { prefetch: 1 });
  const order: string[] = [];
  while (order.length < 4) {
    const next = await collect(receiver, 1);
    order.push(...ids(next));
    await settle(receiver, next, 'ack');
  }
  expect(order).toEqual(['p-9', 'p-9', 'p-4', 'p-0']);
});

test('a message whose time is over becomes a dead letter', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  await send(sender, message('short', { ttlMs: 50 }));
  const dead = await openReceiver(transport, { ...address, role: 'dead-letter' });
  expect(ids(await collect(dead, 1))).toEqual(['short']);
});

test('a message that kills its consumers ends among the dead letters at the delivery limit', async () => {
  const transport = transportOf({ ...server.options, deliveryLimit: 2 });
  const address = freshAddress();
  const dead = await openReceiver(transport, { ...address, role: 'dead-letter' });
  await openReceiver(transport, address).then((receiver) => receiver.close(never));
  await publish(transport, address, 'poison');
  const attempts: unknown[] = [];
  for (let crash = 0; crash < 3; crash += 1) {
    const crashing = transportOf({ ...server.options, deliveryLimit: 2 });
    const [delivery] = await collect(await openReceiver(crashing, address), 1);
    attempts.push(delivery?.attempt);
    await crashing.close();
  }
  expect(attempts).toEqual([1, 2, 3]);
  expect(ids(await collect(dead, 1))).toEqual(['poison']);
});
