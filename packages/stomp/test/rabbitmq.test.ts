import { amqpTransport } from '@intermodal/amqp';
import { hostOf, management } from '@intermodal/brokers';
import { describe, expect, test } from 'vitest';
import { engineTests, freshPlace } from './engine-tests.ts';
import { interopTests } from './interop-tests.ts';
import {
  closeLater,
  collect,
  deadLetters,
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

const server = engineTests('rabbitmq-protocols');
interopTests(server);

describe('what is not there', () => {
  test('is not-found, for each kind of place', async () => {
    const transport = transportOf(server().options);
    const address = freshAddress();
    const missing = { code: 'not-found', retryable: false };
    await expect(openReceiver(transport, address)).rejects.toMatchObject(missing);
    await expect(transport.openSender(address, never)).rejects.toMatchObject(missing);
    await expect(transport.openSender(deadLetters(address), never)).rejects.toMatchObject(missing);
    await expect(transport.check(wholeChannel(address), never)).rejects.toMatchObject(missing);
    const sender = await transport.openSender(wholeChannel(address), never);
    expect(await send(sender, message('a'))).toMatchObject([
      { ok: false, certainty: 'rejected', error: missing },
    ]);
    expect(await sender.dead).toMatchObject(missing);
  });

  test('cannot be made, only verified', async () => {
    const transport = transportOf(server().options);
    const address = await freshPlace(server());
    const unsupported = { code: 'unsupported' };
    await expect(provision(transport, address)).rejects.toMatchObject(unsupported);
    await expect(provision(transport, address, 'verify')).resolves.toBeUndefined();
    await expect(provision(transport, freshAddress(), 'verify')).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

test('what a queue refuses is never confirmed', async () => {
  const address = freshAddress();
  const queue = `${address.channel}.billing`;
  const body = JSON.stringify({
    durable: true,
    arguments: { 'x-queue-type': 'classic', 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  });
  const { name, broker } = server();
  const path = `queues/%2F/${encodeURIComponent(queue)}`;
  const headers = { 'content-type': 'application/json' };
  await management(name, broker.environment, path, { method: 'PUT', body, headers });
  const transport = transportOf({ ...server().options, queueType: 'classic' });
  const sender = await transport.openSender(address, never);
  expect(await send(sender, message('kept'))).toEqual([{ ok: true }]);
  // The plug-in breaks at the refusal.
  expect(await send(sender, message('refused'))).toMatchObject([
    { ok: false, certainty: 'unknown', error: { code: 'unavailable', retryable: true } },
  ]);
  expect(ids(await collect(await openReceiver(transport, address), 1))).toEqual(['kept']);
});

test('a channel serves this transport and amqp at once', async () => {
  const address = await freshPlace(server());
  const stomp = transportOf(server().options);
  const amqp = amqpTransport({ hosts: [hostOf(server().address('URL'))] });
  closeLater(() => amqp.close());
  const headers = new Map([
    ['tenant', 'żółć'],
    ['cloudEvents:type', 'order'],
    ['odd: name', 'a\nb'],
  ]);
  const fields = { headers, key: 'k-1', contentType: 'text/plain', publishedAt: 1_700_000_000_123 };
  for (const [from, to] of [
    [stomp, amqp],
    [amqp, stomp],
  ] as const) {
    const sender = await from.openSender(wholeChannel(address), never);
    await send(sender, message('m-1', { ...fields, body: 'żółć' }));
    const receiver = await openReceiver(to, address);
    const held = await collect(receiver, 1);
    const [{ message: found } = { message: undefined }] = held;
    expect(found).toMatchObject({ id: 'm-1', key: 'k-1', contentType: 'text/plain' });
    expect(found?.publishedAt).toBe(1_700_000_000_123);
    // RabbitMQ makes a header of everything that it does not know.
    const leaked = to === amqp ? [...headers, ['receipt', 'r1'], ['content-length', '8']] : headers;
    expect(found?.headers).toEqual(new Map(leaked as Iterable<readonly [string, string]>));
    expect(Buffer.from(found?.body as string).toString()).toBe('żółć');
    await settle(receiver, held, 'ack');
    await receiver.close(never);
    await sender.close();
  }
});

test('a WebSocket carries any body', async () => {
  const address = await freshPlace(server());
  const hosts = [hostOf(server().address('STOMP_WS_URL'))];
  const transport = transportOf({ ...server().options, hosts, webSocket: true });
  const sender = await transport.openSender(wholeChannel(address), never);
  const body = Buffer.from([...Array(256).keys()]);
  await send(sender, message('bytes', { body }), message('large', { body: Buffer.alloc(500_000) }));
  const receiver = await openReceiver(transport, address);
  const found = await collect(receiver, 2);
  expect(Buffer.from(found[0]?.message.body as Uint8Array)).toEqual(body);
  expect(found[1]?.message.body.length).toBe(500_000);
  expect(await settle(receiver, found, 'ack')).toEqual(['done', 'done']);
});

test('a single active consumer has order by key, and the next takes over', async () => {
  const amqp = amqpTransport({
    hosts: [hostOf(server().address('URL'))],
    singleActiveConsumer: true,
  });
  closeLater(() => amqp.close());
  const address = freshAddress();
  await provision(amqp, address);
  const transport = transportOf({ ...server().options, singleActiveConsumer: true });
  expect(transport.capabilities.order).toBe('key');
  const first = await openReceiver(transport, address);
  const second = await openReceiver(transport, address);
  await publish(transport, address, 'a', 'b');
  const sender = await transport.openSender(address, never);
  await send(sender, message('c', { key: 'k' }), message('d', { key: 'k' }));
  const held = await collect(first, 4);
  expect(held.map(({ lane }) => lane)).toEqual([undefined, undefined, 'k', 'k']);
  await settle(first, held.slice(0, 2), 'ack');
  await settle(first, held.slice(2), 'retry');
  expect(ids(await collect(first, 2))).toEqual(['c', 'd']);
  await first.close(never);
  expect(ids(await collect(second, 2))).toEqual(['c', 'd']);
});
