import type { ConsumeMessage } from 'amqplib';
import { beforeAll, expect, test } from 'vitest';
import { type Rabbit, sharedRabbit } from './broker.ts';
import {
  collect,
  freshAddress,
  message,
  never,
  openReceiver,
  plainPeer,
  provision,
  send,
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

let server: Rabbit;
beforeAll(async () => {
  server = await sharedRabbit();
});

test('amqplib reads ours', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const body = Buffer.from([0, 255, 128, 10]);
  const headers = new Map([['tenant', 'żółć']]);
  const more = {
    body,
    headers,
    key: 'k',
    contentType: 'application/x-own',
    publishedAt: 1_700_000_000_123,
  };
  await send(sender, message('m-1', { ...more, ttlMs: 60_000 }));

  const peer = await plainPeer(server.url);
  const found = await peer.get(`${address.channel}.billing`, { noAck: true });
  expect(found).toMatchObject({
    content: body,
    properties: {
      messageId: 'm-1',
      contentType: 'application/x-own',
      timestamp: 1_700_000_000,
      deliveryMode: 2,
      expiration: '60000',
      headers: { tenant: 'żółć', imkey: 'k', imtime: '1700000000123' },
    },
  });
});

test('we read amqplib’s, with what only it knows in the native message', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const peer = await plainPeer(server.url);
  const headers = { tenant: 'acme', count: 7, list: ['a'], nested: { b: true }, CC: [] };
  peer.publish(address.channel, 'any.key', Buffer.from('{"n":1}'), {
    headers,
    messageId: 'theirs',
    contentType: 'application/json',
    timestamp: 1_700_000_000,
    correlationId: 'c-1',
    persistent: true,
  });
  peer.publish(address.channel, '', Buffer.alloc(0));
  await peer.waitForConfirms();

  const receiver = await openReceiver(transport, address);
  const [first, bare] = await collect(receiver, 2);
  expect(first?.message).toMatchObject({
    id: 'theirs',
    channel: address.channel,
    headers: new Map([['tenant', 'acme']]),
    contentType: 'application/json',
    publishedAt: 1_700_000_000_000,
    body: Buffer.from('{"n":1}'),
  });
  const native = first?.native as ConsumeMessage;
  expect(native.properties.headers).toMatchObject({ count: 7, nested: { b: true } });
  expect(native.properties.correlationId).toBe('c-1');
  expect(native.fields.routingKey).toBe('any.key');
  expect(bare?.message.id).toMatch(/^[0-9a-f-]{36}$/);
  expect(bare?.message.body).toHaveLength(0);
  await settle(
    receiver,
    [first, bare].filter((each) => each !== undefined),
    'ack',
  );
});

test('an amqplib program that rejects without requeue makes a dead letter of ours', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  await send(sender, message('m-1', { headers: new Map([['tenant', 'acme']]) }));
  const peer = await plainPeer(server.url);
  const found = await peer.get(`${address.channel}.billing`);
  if (found === false) throw new Error('the queue is empty');
  peer.reject(found, false);
  const dead = await openReceiver(transport, { ...address, role: 'dead-letter' });
  const [letter] = await collect(dead, 1);
  expect(letter?.message).toMatchObject({ id: 'm-1', headers: new Map([['tenant', 'acme']]) });
});
