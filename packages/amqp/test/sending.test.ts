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
  transportOf,
  wholeChannel,
} from './support.ts';

let server: Rabbit;
beforeAll(async () => {
  server = await sharedRabbit();
});

test('a message for which no queue is bound is not-found, although the broker confirms it', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  const sender = await transport.openSender(wholeChannel(address), never);
  const [lost] = await send(sender, message('m-1'));
  expect(lost).toMatchObject({ ok: false, certainty: 'rejected', error: { code: 'not-found' } });

  await provision(transport, address);
  const [kept] = await send(sender, message('m-1'));
  expect(kept).toEqual({ ok: true });
});

test('of one id under way twice, each has its own answer', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  const sender = await transport.openSender(wholeChannel(address), never);
  const outcomes = await send(sender, message('same'), message('same'), message('other'));
  expect(outcomes.map((outcome) => outcome.ok)).toEqual([false, false, false]);
});

test('a queue that is full and refuses is a rejection worth another try', async () => {
  const queueArguments = { 'x-max-length': 1 };
  const transport = transportOf({ ...server.options, queueArguments });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(address, never);
  const outcomes = [];
  for (const id of ['m-1', 'm-2', 'm-3', 'm-4'])
    outcomes.push(...(await send(sender, message(id))));
  expect(outcomes[0]).toEqual({ ok: true });
  expect(outcomes.at(-1)).toMatchObject({
    certainty: 'rejected',
    error: { code: 'rejected', retryable: true },
  });
});

test('what RabbitMQ would close the channel for arrives as it is', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const names = ['CC', 'BCC', 'x-death', 'x-delivery-count', '__proto__', 'n'.repeat(300)];
  const headers = new Map(names.map((name) => [name, `of ${name.slice(0, 20)}`]));
  const id = 'i'.repeat(400);
  const outcomes = await send(sender, message(id, { headers, ttlMs: 60_000.5 }), message('m-2'));
  expect(outcomes).toEqual([{ ok: true }, { ok: true }]);

  const receiver = await openReceiver(transport, address);
  const [first, second] = await collect(receiver, 2);
  expect(first?.message.headers).toEqual(headers);
  expect(first?.message.id).toBe(id);
  expect(second?.message.headers).toEqual(new Map());
});

test('delays do not wait behind each other', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const sentAt = Date.now();
  const delayed = [1_500, 300, 900].map((delayMs) => message(`after ${delayMs}`, { delayMs }));
  const outcomes = await send(sender, ...delayed, message('now'));
  expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, true, true, true]);

  const receiver = await openReceiver(transport, address);
  const arrived: (readonly [string, number])[] = [];
  while (arrived.length < 4) {
    for (const delivery of await collect(receiver, 1))
      arrived.push([delivery.message.id, Date.now() - sentAt]);
  }
  expect(arrived.map(([id]) => id)).toEqual(['now', 'after 300', 'after 900', 'after 1500']);
  for (const [id, ms] of arrived.slice(1)) expect(ms).toBeGreaterThanOrEqual(Number(id.slice(6)));
});

test('a delayed message keeps its headers, and nothing that RabbitMQ adds on the way is one', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(address, never);
  const headers = new Map([['tenant', 'acme']]);
  await send(sender, message('m-1', { headers, key: 'k', publishedAt: 1_234, delayMs: 50 }));
  const [delivery] = await collect(await openReceiver(transport, address), 1);
  expect(delivery?.message).toMatchObject({ id: 'm-1', key: 'k', publishedAt: 1_234, headers });
  expect(delivery).toMatchObject({ attempt: 1, redelivered: false });
});

test('an exchange that is deleted ends the sender; opening again declares it', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const peer = await plainPeer(server.url);
  await peer.deleteExchange(address.channel);
  const [outcome] = await send(sender, message('m-1'));
  expect(outcome).toMatchObject({ ok: false, certainty: 'unknown', error: { code: 'not-found' } });
  expect(await sender.dead).toMatchObject({ code: 'not-found', retryable: true });
  const [late] = await send(sender, message('m-2'));
  expect(late).toMatchObject({ ok: false, certainty: 'rejected' });

  await openReceiver(transport, address);
  const next = await transport.openSender(wholeChannel(address), never);
  expect(await send(next, message('m-3'))).toEqual([{ ok: true }]);
});

test('no more than the bounds is unconfirmed, and a larger message goes alone', async () => {
  const bounds = { maxUnconfirmedMessages: 4, maxUnconfirmedBytes: 2_000 };
  const transport = transportOf({ ...server.options, ...bounds });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const large = message('large', { body: 'x'.repeat(10_000) });
  const small = Array.from({ length: 30 }, (_, index) => message(`m-${index}`));
  const outcomes = await send(sender, ...small.slice(0, 15), large, ...small.slice(15));
  expect(outcomes.filter((outcome) => !outcome.ok)).toEqual([]);
  expect(sender.limits.maxBatchCount).toBe(1);
});
