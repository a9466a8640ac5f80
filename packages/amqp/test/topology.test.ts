import { beforeAll, expect, test } from 'vitest';
import { type Rabbit, sharedRabbit } from './broker.ts';
import {
  collect,
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

test('provision may be repeated, and ten at once agree', async () => {
  const address = freshAddress();
  const processes = Array.from({ length: 10 }, () => transportOf(server.options));
  await Promise.all(processes.map((transport) => provision(transport, address)));
  const transport = transportOf(server.options);
  await provision(transport, address);
  await provision(transport, address, 'verify');
  await publish(transport, address, 'a');
  expect(ids(await collect(await openReceiver(transport, address), 1))).toEqual(['a']);
});

test('what differs is a mismatch, when provisioning and when opening', async () => {
  const address = freshAddress();
  await provision(transportOf(server.options), address);
  const others = [
    { deliveryLimit: 50 },
    { queueType: 'classic' },
    { singleActiveConsumer: true },
  ] as const;
  for (const other of others) {
    const transport = transportOf({ ...server.options, ...other });
    const mismatch = { code: 'mismatch', retryable: false };
    await expect(provision(transport, address)).rejects.toMatchObject(mismatch);
    await expect(provision(transport, address, 'verify')).rejects.toMatchObject(mismatch);
    await expect(openReceiver(transport, address)).rejects.toMatchObject(mismatch);
  }
});

test('verify creates nothing', async () => {
  const address = freshAddress();
  const transport = transportOf({ ...server.options, topology: 'verify' });
  const notFound = { code: 'not-found', retryable: false };
  await expect(provision(transport, address, 'verify')).rejects.toMatchObject(notFound);
  await expect(openReceiver(transport, address)).rejects.toMatchObject(notFound);
  await expect(transport.openSender(wholeChannel(address), never)).rejects.toMatchObject(notFound);
  await expect(transport.check(address, never)).rejects.toMatchObject(notFound);
  const peer = await plainPeer(server.url);
  peer.on('error', () => undefined);
  await expect(peer.checkExchange(address.channel)).rejects.toMatchObject({ code: 404 });
});

test('assume declares nothing and asks for nothing: who publishes is told by what comes back', async () => {
  const address = freshAddress();
  const peer = await plainPeer(server.url);
  await peer.assertExchange(address.channel, 'topic');
  await peer.assertQueue('', { exclusive: true });
  const transport = transportOf({ ...server.options, topology: 'assume' });
  const sender = await transport.openSender(wholeChannel(address), never);
  const [outcome] = await send(sender, message('m-1'));
  expect(outcome).toMatchObject({ ok: false, error: { code: 'not-found' } });
});

test('a native address is used as it is, and never declared', async () => {
  const address = freshAddress();
  const native = `elsewhere-${address.channel}`;
  const transport = transportOf(server.options);
  const foreign = { ...address, role: 'dead-letter', native } as const;
  await expect(transport.openSender(foreign, never)).rejects.toMatchObject({ code: 'not-found' });
  const peer = await plainPeer(server.url);
  await peer.assertQueue(native, { durable: true, arguments: { 'x-max-length': 7 } });
  const sender = await transport.openSender(foreign, never);
  expect(await send(sender, message('m-1'))).toEqual([{ ok: true }]);
  const receiver = await openReceiver(transport, foreign);
  expect(ids(await collect(receiver, 1))).toEqual(['m-1']);
});

test('names of one’s own', async () => {
  const address = freshAddress();
  const naming = (of: { channel: string; group?: string; role: string }): string =>
    `own/${of.channel}/${of.group ?? ''}/${of.role}`;
  const transport = transportOf({ ...server.options, naming });
  await provision(transport, address);
  await publish(transport, address, 'a');
  const peer = await plainPeer(server.url);
  const { messageCount } = await peer.checkQueue(`own/${address.channel}/billing/main`);
  expect(messageCount).toBe(1);
});

test('a delivery limit that core could reach is refused', async () => {
  const transport = transportOf({ ...server.options, deliveryLimit: 40 });
  await expect(provision(transport, freshAddress())).rejects.toMatchObject({
    code: 'invalid-argument',
  });
});

test('backlog, purge and remove', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  await publish(transport, address, 'a', 'b', 'c');
  const dead = await transport.openSender({ ...address, role: 'dead-letter' }, never);
  await send(dead, message('d'));
  const counts = { inFlight: 0, delayed: 0, deadLettered: 1, exact: false };
  await expect
    .poll(() => transport.admin?.backlog?.(address, never))
    .toEqual({ ready: 3, ...counts });

  const receiver = await openReceiver(transport, address, { prefetch: 1 });
  await settle(receiver, await collect(receiver, 1), 'ack');
  await receiver.close(never);
  await transport.admin?.purge?.(address, never);
  await expect
    .poll(() => transport.admin?.backlog?.(address, never))
    .toEqual({ ready: 0, ...counts });

  await transport.admin?.remove?.(address, never);
  await expect(transport.check(address, never)).rejects.toMatchObject({ code: 'not-found' });
  await transport.check(wholeChannel(address), never);
  await transport.admin?.remove?.(wholeChannel(address), never);
  await expect(transport.check(wholeChannel(address), never)).rejects.toMatchObject({
    code: 'not-found',
  });
});
