import { expect, test } from 'vitest';
import { engineTests } from './engine-tests.ts';
import {
  collect,
  collectFor,
  freshAddress,
  ids,
  message,
  never,
  openReceiver,
  provision,
  publish,
  send,
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

const server = engineTests('mosquitto', '3.1.1');

test('messages are CloudEvents, and those of others are what they are', async () => {
  const transport = transportOf(server().options('3.1.1'));
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const sent = {
    headers: new Map([['tenant', 'żółć']]),
    key: 'k-1',
    contentType: 'application/json',
    publishedAt: 1_700_000_000_123,
  };
  await send(sender, message('m-1', { ...sent, body: '{"n":1}' }));
  const [found] = await collect(await openReceiver(transport, address), 1);
  const { headers, ...fields } = sent;
  expect(found?.message).toMatchObject({ ...fields, id: 'm-1', body: '{"n":1}' });
  expect(found?.message.headers.get('tenant')).toBe(headers.get('tenant'));
  const native = found?.native as { readonly payload: Buffer } | undefined;
  expect(JSON.parse(String(native?.payload))).toMatchObject({ specversion: '1.0', data: { n: 1 } });
});

test('without an envelope bodies go as they are, and headers and keys are refused', async () => {
  const transport = transportOf({ ...server().options('3.1.1'), envelope: 'none' });
  expect(transport.capabilities).toMatchObject({ order: 'none' });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  await send(sender, message('a', { body: '{"specversion":' }));
  const [found] = await collect(await openReceiver(transport, address), 1);
  expect(String(found?.message.body)).toBe('{"specversion":');
  for (const more of [{ key: 'k' }, { headers: new Map([['a', 'b']]) }])
    expect(() => sender.prepare(message('b', more))).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    );
});

test('retained messages that nobody wants are acked and not delivered', async () => {
  const transport = transportOf({ ...server().options('3.1.1'), retain: true });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  await send(sender, message('last'));
  const plain = await openReceiver(transport, { ...address, group: 'later' });
  expect(await collectFor(plain, 200)).toEqual([]);
  const wanting = transportOf({ ...server().options('3.1.1'), takeRetained: true });
  const receiver = await openReceiver(wanting, { ...address, group: 'wanting' });
  expect(ids(await collect(receiver, 1))).toEqual(['last']);
});

test(
  'more than there is room for stays with the broker, while the connection lives',
  { timeout: 60_000 },
  async () => {
    const options = server().options('3.1.1');
    const transport = transportOf({ ...options, keepAliveMs: 2_000, maxBufferedBytes: 200_000 });
    const address = freshAddress();
    await provision(transport, address);
    const sender = await transport.openSender(wholeChannel(address), never);
    const all = Array.from({ length: 60 }, (_, n) => `m-${n}`);
    const body = 'x'.repeat(100_000);
    for (const id of all) await send(sender, message(id, { body }));
    const receiver = await openReceiver(transport, address);
    const quiet = new Promise((resolve) => setTimeout(resolve, 4_000, 'alive'));
    expect(await Promise.race([receiver.dead, quiet])).toBe('alive');
    const seen: string[] = [];
    while (seen.length < all.length) {
      const found = await collect(receiver, 1);
      if (found.length === 0) throw await receiver.dead;
      seen.push(...ids(found));
      await settle(receiver, found, 'ack');
    }
    expect(seen).toEqual(all);
  },
);

test('who may not publish or consume is told nothing by Mosquitto', async () => {
  const credentials = server().restricted;
  const transport = transportOf({ ...server().options('3.1.1'), credentials });
  const address = freshAddress('denied');
  const receiver = await openReceiver(transport, address);
  await publish(transport, address, 'a');
  expect(await collectFor(receiver, 200)).toEqual([]);
});
