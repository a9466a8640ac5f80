import rhea from 'rhea';
import { expect, test, vi } from 'vitest';
import { startScriptedPeer } from '../test/scripted-peer.ts';
import {
  collect,
  collectFor,
  freshAddress,
  ids,
  never,
  openReceiver,
  settle,
  transportOf,
} from '../test/support.ts';

function encoded(id: string): Buffer {
  return rhea.message.encode({ message_id: id, body: id });
}

test('neighbours that are settled in one turn each get their own outcome', async () => {
  await using peer = await startScriptedPeer();
  const receiver = await openReceiver(transportOf(peer.options), freshAddress());
  const sender = await peer.sender;
  const receiving = collect(receiver, 6);
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) sender.send(encoded(id), id, 0);
  const [a, b, c, d, e, f] = await receiving;
  await Promise.all([
    settle(receiver, [a!], 'ack'),
    settle(receiver, [b!], 'release'),
    settle(receiver, [c!], 'retry'),
    settle(receiver, [d!, e!], 'ack'),
    settle(receiver, [f!], 'release'),
  ]);
  await receiver.close(never);
  expect(Object.fromEntries(peer.outcomes)).toEqual({
    a: 'accepted',
    b: 'released',
    c: 'modified',
    d: 'accepted',
    e: 'accepted',
    f: 'released',
  });
});

test('no more comes than was asked for, whatever number the other side begins with', async () => {
  await using peer = await startScriptedPeer({ initialDeliveryCount: 2 ** 32 - 3 });
  const errors = vi.spyOn(console, 'error');
  const receiver = await openReceiver(transportOf(peer.options), freshAddress());
  const sender = await peer.sender;
  const sent = Array.from({ length: 12 }, (_, n) => String(n));
  for (const id of sent) sender.send(encoded(id), id, 0);
  const found: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const held = await collectFor(receiver, 50).then((more) => more);
    expect(held.length).toBeLessThanOrEqual(1_000);
    found.push(...ids(held));
    await settle(receiver, held, 'ack');
  }
  expect(found).toEqual(sent);
  expect(errors).not.toHaveBeenCalled();
  errors.mockRestore();
});

test('ActiveMQ is asked for all that may be held first, and for more when none of it is under way', async () => {
  await using peer = await startScriptedPeer({
    properties: { product: 'ActiveMQ', version: '5.18.3' },
  });
  const transport = transportOf({ ...peer.options, broker: 'activemq' });
  const receiver = await openReceiver(transport, freshAddress(), { prefetch: 6 });
  const sender = await peer.sender;
  const creditOf = (): number => (sender as unknown as { readonly credit: number }).credit;
  const sendAll = (...all: readonly string[]): void => {
    for (const id of all) sender.send(encoded(id), id, 0);
  };
  const receiving = collect(receiver, 5);
  await expect.poll(creditOf).toBe(6);
  sendAll('a', 'b', 'c', 'd', 'e');
  await settle(receiver, await receiving, 'ack');
  const more = collect(receiver, 6);
  await expect.poll(() => peer.outcomes.size).toBe(5);
  expect(creditOf()).toBe(1);
  sendAll('f');
  await expect.poll(creditOf).toBe(5);
  sendAll('g', 'h', 'i', 'j', 'k');
  expect(ids(await more)).toEqual(['f', 'g', 'h', 'i', 'j', 'k']);
});

test('a delivery that is held for long does not stop the others', async () => {
  await using peer = await startScriptedPeer();
  const receiver = await openReceiver(transportOf(peer.options), freshAddress());
  const sender = await peer.sender;
  const receiving = collect(receiver, 1);
  sender.send(encoded('held'), 'held', 0);
  const [held] = await receiving;
  // More than rhea keeps a record of.
  for (let round = 0; round < 30; round += 1) {
    const batch = collect(receiver, 100);
    for (let n = 0; n < 100; n += 1) sender.send(encoded('other'), `${round}-${n}`, 0);
    await settle(receiver, await batch, 'ack');
  }
  expect(await settle(receiver, [held!], 'ack')).toEqual(['done']);
  await receiver.close(never);
  expect(peer.outcomes.get('held')).toBe('accepted');
});

test('a message that rhea cannot decode is rejected alone', async () => {
  await using peer = await startScriptedPeer();
  const receiver = await openReceiver(transportOf(peer.options), freshAddress());
  const sender = await peer.sender;
  const receiving = collect(receiver, 3);
  sender.send(encoded('a'), 'a', 0);
  const unreadable = Buffer.from([0, 0x53, 0x77, 0xee, 1, 2]);
  sender.send(unreadable, 'b', 0);
  sender.send(encoded('c'), 'c', 0);
  const [a, b, c] = await receiving;
  expect([a?.message.id, c?.message.id]).toEqual(['a', 'c']);
  expect(b?.undecodable).toMatchObject({ code: 'invalid-message' });
  expect(b?.message.body).toEqual(unreadable);
});

test('a delivery of a dead connection settles nothing on the next one', async () => {
  await using peer = await startScriptedPeer();
  const transport = transportOf(peer.options);
  const address = freshAddress();
  const first = await openReceiver(transport, address);
  const sender = await peer.sender;
  const receiving = collect(first, 1);
  sender.send(encoded('a'), 'a', 0);
  const held = await receiving;
  peer.cut();
  expect(await first.dead).toMatchObject({ code: 'unavailable', retryable: true });
  const second = await openReceiver(transport, address);
  expect(await settle(first, held, 'ack')).toEqual(['lost']);
  expect(await settle(second, held, 'ack')).toEqual(['lost']);
  expect(peer.outcomes.size).toBe(0);
});

test('settling twice is lost the second time', async () => {
  await using peer = await startScriptedPeer();
  const receiver = await openReceiver(transportOf(peer.options), freshAddress());
  const sender = await peer.sender;
  const receiving = collect(receiver, 1);
  sender.send(encoded('a'), 'a', 0);
  const held = await receiving;
  expect(await settle(receiver, [...held, ...held], 'ack')).toEqual(['done', 'lost']);
});
