import { connect, type ConsumeMessage, type Message } from 'amqplib';
import { describe, expect, test } from 'vitest';
import type { AmqpTransportOptions } from '../src/index.ts';
import { ackerOf, publisherTo } from '../src/channel-seam.ts';
import { writeMessage } from '../src/message.ts';
import { writeFramesTogether } from '../src/frames-together.ts';
import { channelCloseFrame } from './amqp-frames.ts';
import { type ScriptedBroker, startScriptedBroker } from './scripted-broker.ts';
import {
  collect,
  freshAddress,
  message,
  never,
  openReceiver,
  settle,
  transportOf,
} from './support.ts';

const address = freshAddress();

function optionsFor({ port }: ScriptedBroker): AmqpTransportOptions<undefined> {
  return { hosts: [{ host: '127.0.0.1', port }], heartbeatSeconds: 0 };
}

// RabbitMQ 4.3 counts basic.reject and no more basic.nack; up to 4.2, 3.13 among them, it counts both.
describe.each([
  { version: '3.13', counts: [1, 2] },
  { version: '4.3', counts: [1, 1] },
])('a quorum queue of RabbitMQ $version', ({ counts: [afterRetry, afterRelease] }) => {
  test('is told a failure by reject, and what is given back by nack', async () => {
    await using broker = await startScriptedBroker();
    const receiver = await openReceiver(transportOf(optionsFor(broker)), address);
    broker.deliver(1, 'm-1');
    const first = await collect(receiver, 1);
    expect(first[0]).toMatchObject({ attempt: 1, redelivered: false });
    expect(await settle(receiver, first, 'retry')).toEqual(['done']);
    const [reject] = await broker.untilHeard('60.90');
    expect([...(reject?.payload.subarray(-9) ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1]);

    broker.deliver(2, 'm-1', afterRetry);
    const second = await collect(receiver, 1);
    expect(second[0]).toMatchObject({ attempt: 2, redelivered: true });
    expect(await settle(receiver, second, 'release')).toEqual(['done']);
    const [nack] = await broker.untilHeard('60.120');
    // Not `multiple`, but `requeue`.
    expect([...(nack?.payload.subarray(-9) ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 2, 2]);

    broker.deliver(3, 'm-1', afterRelease);
    const third = await collect(receiver, 1);
    expect(third[0]).toMatchObject({ attempt: (afterRelease ?? 0) + 1 });
    await settle(receiver, third, 'ack');
    await broker.untilHeard('60.80');
  });
});

test('queue types are stated always, since what stands for none changed with version 4', async () => {
  await using broker = await startScriptedBroker();
  await openReceiver(transportOf(optionsFor(broker)), address);
  const declares = await broker.untilHeard('50.10', 2);
  for (const { payload } of declares) expect(payload.toString('latin1')).toContain('x-queue-type');
});

test('a delivery that was held beyond the consumer_timeout ends the receiver for a while', async () => {
  await using broker = await startScriptedBroker();
  const receiver = await openReceiver(transportOf(optionsFor(broker)), address);
  broker.deliver(1, 'm-1');
  const held = await collect(receiver, 1);
  const text = 'PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out';
  broker.closeChannel(406, text);
  expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
  expect(await settle(receiver, held, 'ack')).toEqual(['lost']);
  expect(broker.heard.filter(({ method }) => method === '60.80')).toEqual([]);
});

test('a consumer that is cancelled although its queue is there is worth another try', async () => {
  await using broker = await startScriptedBroker();
  const receiver = await openReceiver(transportOf(optionsFor(broker)), address);
  broker.cancelConsumer();
  expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
});

test('a queue whose node is down is unavailable, not missing', async () => {
  await using broker = await startScriptedBroker();
  const text =
    "NOT_FOUND - home node 'a' of durable queue 'q' in vhost '/' is down or inaccessible";
  broker.answer('50.10', ({ channel }) => channelCloseFrame(channel, 404, text));
  const opening = openReceiver(transportOf(optionsFor(broker)), address);
  await expect(opening).rejects.toMatchObject({ code: 'unavailable', retryable: true });
});

test('a broker that refuses to renew the login closes the connection, which is worth another try', async () => {
  await using broker = await startScriptedBroker();
  const credentials = (): { username: string; password: string; expiresAt: Date } => ({
    username: 'token',
    password: 'short-lived',
    expiresAt: new Date(Date.now() + 50),
  });
  const transport = transportOf({ ...optionsFor(broker), credentials });
  const receiver = await openReceiver(transport, address);
  broker.answer('10.70', () => undefined);
  const [renewal] = await broker.untilHeard('10.70');
  expect(renewal?.payload.toString('latin1')).toContain('short-lived');
  broker.closeConnection(320, 'CONNECTION_FORCED - token expired');
  expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
});

test.each([{ maxUnconfirmedMessages: 2 }, { maxUnconfirmedBytes: 600 }])(
  'what was written and given up is unknown, and keeps its place within %o: it may be in the socket still',
  async (bound) => {
    await using broker = await startScriptedBroker();
    const transport = transportOf({ ...optionsFor(broker), ...bound });
    const sender = await transport.openSender(address, never);
    const certainties: unknown[] = [];
    for (const ids of [['a', 'b'], ['c']]) {
      const abort = new AbortController();
      const prepared = ids.map((id) => sender.prepare(message(id, { body: 'x'.repeat(200) })));
      const sending = sender.send(prepared, abort.signal);
      abort.abort(new Error('enough'));
      for (const outcome of await sending) certainties.push(!outcome.ok && outcome.certainty);
    }
    expect(certainties).toEqual(['unknown', 'unknown', 'rejected']);
    await broker.untilHeard('60.40', 2);
    await sender.close();
    expect(await broker.untilHeard('60.40')).toHaveLength(2);
  },
);

test('close does not wait for a broker that does not answer', async () => {
  await using broker = await startScriptedBroker();
  const transport = transportOf(optionsFor(broker));
  const sender = await transport.openSender({ channel: 'orders', role: 'main' }, never);
  broker.answer('20.40', () => undefined);
  broker.answer('10.50', () => undefined);
  await sender.close();
  await transport.close();
  expect(await sender.dead).toBeUndefined();
});

test('what is published goes on the wire as amqplib would write it', async () => {
  await using broker = await startScriptedBroker();
  const model = await connect(`amqp://127.0.0.1:${broker.port}`);
  const channel = await model.createConfirmChannel();
  const { run: publish, isDirect } = publisherTo(channel, 'orders', 'żółć');
  expect(isDirect).toBe(true);
  const form = { maxMessageBytes: 1_000_000, maxPriority: 9, place: 'here' };
  const messages = [
    message('bare'),
    message('empty', { body: '' }),
    message('all', {
      body: 'żółć',
      key: 'k',
      contentType: 'text/plain',
      publishedAt: 1_700_000_000_123,
      priority: 7,
      ttlMs: 60_000,
      headers: new Map([['tenant', 'żółć']]),
    }),
    message('i'.repeat(300), { publishedAt: 10 ** 13 * 1_000 }),
    message('large', { body: Buffer.alloc(400_000, 'large') }),
  ];
  for (const each of messages) {
    const { content, properties } = writeMessage(each, form);
    const before = broker.published.length;
    channel.publish('orders', 'żółć', content, properties);
    await model.createChannel().then((other) => other.close());
    const theirs = Buffer.concat(broker.published.slice(before).map(({ bytes }) => bytes));
    const between = broker.published.length;
    publish(content, properties, () => undefined);
    await model.createChannel().then((other) => other.close());
    const ours = Buffer.concat(broker.published.slice(between).map(({ bytes }) => bytes));
    expect(Buffer.compare(ours, theirs)).toBe(0);
  }
  const { run: ack, isDirect: acksDirectly } = ackerOf(channel);
  expect(acksDirectly).toBe(true);
  for (const deliveryTag of [1, 2 ** 40 + 7]) {
    const delivery = { fields: { deliveryTag } } as ConsumeMessage;
    const before = broker.heard.length;
    channel.ack(delivery);
    await model.createChannel().then((other) => other.close());
    ack(delivery);
    await model.createChannel().then((other) => other.close());
    const acks = broker.heard.slice(before).filter(({ method }) => method === '60.80');
    expect(acks).toHaveLength(2);
    expect(acks[1]?.bytes).toEqual(acks[0]?.bytes);
  }
  await channel.close();
  expect(() => {
    publish(Buffer.from('late'), { headers: {} }, () => undefined);
  }).toThrow('Channel clos');
  const other = publisherTo(await model.createConfirmChannel(), 'orders', '');
  const closed = model.close();
  expect(() => {
    other.run(Buffer.from('late'), { headers: {} }, () => undefined);
  }).toThrow('Connection clos');
  await closed;
});

test('a publish or ack that somebody observes is amqplib’s own', async () => {
  await using broker = await startScriptedBroker();
  const model = await connect(`amqp://127.0.0.1:${broker.port}`);
  const channel = await model.createConfirmChannel();
  const seen: unknown[] = [];
  const original = channel.publish.bind(channel);
  channel.publish = (...all): boolean => {
    seen.push(all[0]);
    return original(...all);
  };
  const { run: publish, isDirect } = publisherTo(channel, 'orders', '');
  publish(Buffer.from('x'), { headers: {} }, () => undefined);
  expect([isDirect, seen]).toEqual([false, ['orders']]);
  channel.ack = (): void => {
    seen.push('ack');
  };
  const { run: ack } = ackerOf(channel);
  ack({ fields: { deliveryTag: 1 } } as ConsumeMessage);
  expect(seen).toEqual(['orders', 'ack']);
  await model.close();
});

test('amqplib keeps its socket where its frames can be written together', async () => {
  await using broker = await startScriptedBroker();
  const model = await connect(`amqp://127.0.0.1:${broker.port}`);
  expect(writeFramesTogether(model)).toBe(true);
  const channel = await model.createChannel();
  broker.chunks = 0;
  const messages = Array.from({ length: 100 }, (_, index) => ({ fields: { deliveryTag: index } }));
  for (const each of messages) channel.ack(each as Message);
  await broker.untilHeard('60.80', 100);
  expect(broker.chunks).toBeLessThan(20);
  await model.close();
});
