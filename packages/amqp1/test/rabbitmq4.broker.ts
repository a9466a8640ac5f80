import { amqpTransport } from '@intermodal/amqp';
import { describe, expect, test } from 'vitest';
import { engineTests, freshPlace } from './engine-tests.ts';
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

const server = engineTests('rabbitmq4');

test('a message for which no queue is bound is not-found', async () => {
  const transport = transportOf(server().options);
  const address = await freshPlace(server());
  await transport.admin?.remove?.(address, never);
  const sender = await transport.openSender(wholeChannel(address), never);
  const [outcome] = await send(sender, message('a'));
  expect(outcome).toMatchObject({ ok: false, certainty: 'rejected', error: { code: 'not-found' } });
});

test('places that are not there are not-found, and take no other link with them', async () => {
  const missing = { code: 'not-found', retryable: false };
  const transport = transportOf(server().options);
  const receiver = await openReceiver(transport, await freshPlace(server()));
  const address = freshAddress();
  await expect(transport.openSender(address, never)).rejects.toMatchObject(missing);
  await expect(transport.openSender(wholeChannel(address), never)).rejects.toMatchObject(missing);
  await expect(openReceiver(transport, address)).rejects.toMatchObject(missing);
  await receiver.close(never);
  expect(await receiver.dead).toBeUndefined();
});

test('a queue that is deleted ends its receiver', async () => {
  const transport = transportOf(server().options);
  const address = await freshPlace(server());
  const receiver = await openReceiver(transport, address);
  const waiting = receiver.receive(1, never);
  await transport.admin?.remove?.(address, never);
  expect(await receiver.dead).toMatchObject({ code: 'not-found', retryable: false });
  expect(await waiting).toEqual([]);
});

test('a full queue refuses, and it is worth another try', async () => {
  const transport = transportOf({ ...server().options, queueArguments: { 'x-max-length': 1 } });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(address, never);
  const outcomes = [];
  for (const id of ['a', 'b', 'c', 'd']) outcomes.push(...(await send(sender, message(id))));
  expect(outcomes.at(-1)).toMatchObject({
    certainty: 'rejected',
    error: { code: 'rejected', retryable: true },
  });
});

describe('provisioning', () => {
  test.each([
    ['quorum', {}],
    ['quorum', { singleActiveConsumer: true }],
    ['classic', {}],
  ] as const)('declares what @intermodal/amqp takes as its own: %s %j', async (queueType, more) => {
    const { options, host } = server();
    const transport = transportOf({ ...options, queueType, ...more });
    const address = freshAddress();
    await provision(transport, address);
    await provision(transport, address);
    await provision(transport, address, 'verify');
    const { credentials } = options;
    const other = amqpTransport({
      hosts: [host],
      ...(typeof credentials === 'object' ? { credentials } : {}),
      queueType,
      ...more,
    });
    closeLater(() => other.close());
    await other.admin?.provision(
      address,
      { mode: 'create', order: 'none', maxAttempts: 5, deadLetter: deadLetters(address) },
      never,
    );
    await publish(transport, address, 'a');
    await expect
      .poll(() => transport.admin?.backlog?.(address, never))
      .toEqual({ ready: 1, inFlight: 0, delayed: 0, deadLettered: 0, exact: false });
    await transport.admin?.purge?.(address, never);
    expect(await transport.admin?.backlog?.(address, never)).toMatchObject({ ready: 0 });
  });

  test('finds what differs, what is missing and what is not bound', async () => {
    const { options } = server();
    const address = freshAddress();
    const missing = provision(transportOf(options), address, 'verify');
    await expect(missing).rejects.toMatchObject({ code: 'not-found' });
    await provision(transportOf(options), address);
    const differing = transportOf({ ...options, deliveryLimit: 60 });
    const mismatch = { code: 'mismatch', retryable: false };
    await expect(provision(differing, address, 'verify')).rejects.toMatchObject(mismatch);
    await expect(provision(differing, address)).rejects.toMatchObject(mismatch);
    const tooLow = provision(transportOf({ ...options, deliveryLimit: 10 }), address);
    await expect(tooLow).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('by a user who may not is denied', async () => {
    const denied = provision(transportOf(server().restricted), freshAddress('forbidden'));
    await expect(denied).rejects.toMatchObject({ code: 'permission-denied' });
  });
});

test('a vhost is chosen by name; of one that is not there RabbitMQ 4 says nothing', async () => {
  const { options } = server();
  await transportOf({ ...options, vhost: 'other' }).check(undefined, never);
  // It lets whom it refuses wait for three seconds.
  const nowhere = transportOf({ ...options, vhost: 'no-such-vhost', idleTimeoutMs: 20_000 });
  await expect(nowhere.check(undefined, never)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a single active consumer hands over in order', async () => {
  const transport = transportOf({ ...server().options, singleActiveConsumer: true });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const keyed = (id: string) => message(id, { key: 'k' });
  await send(sender, ...['a', 'b', 'c', 'd'].map(keyed));
  const active = await openReceiver(transport, address);
  const standby = await openReceiver(transport, address);
  const held = await collect(active, 2);
  expect(held[0]?.lane).toBe('k');
  await settle(active, held.slice(0, 1), 'ack');
  expect(await active.close(never)).toEqual({ abandoned: 0 });
  expect(ids(await collect(standby, 3))).toEqual(['b', 'c', 'd']);
});

test('more consumers than one connection has sessions', async () => {
  const transport = transportOf(server().options);
  const address = await freshPlace(server());
  const receivers = await Promise.all(
    Array.from({ length: 70 }, () => openReceiver(transport, address)),
  );
  expect(receivers).toHaveLength(70);
});
