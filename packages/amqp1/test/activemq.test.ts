import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { engineTests } from './engine-tests.ts';
import { interopTests } from './interop-tests.ts';
import {
  collect,
  deadLetters,
  expectKeysToStay,
  freshAddress,
  ids,
  message,
  never,
  openReceiver,
  provision,
  publish,
  send,
  transportOf,
  wholeChannel,
} from './support.ts';

const server = engineTests('activemq');
interopTests(server, 'activemq', ['rhea']);

describe('provisioning', () => {
  test('gives every group its own copy, from then on', async () => {
    const transport = transportOf(server().options);
    const address = freshAddress();
    const other = { ...address, group: 'shipping' };
    await provision(transport, address);
    await provision(transport, other);
    await provision(transport, other);
    const sender = await transport.openSender(wholeChannel(address), never);
    expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
    for (const each of [address, other])
      expect(ids(await collect(await openReceiver(transport, each), 1))).toEqual(['a']);
  });

  test('cannot verify: whatever is asked for is made', async () => {
    const transport = transportOf(server().options);
    const verifying = provision(transport, freshAddress(), 'verify');
    await expect(verifying).rejects.toMatchObject({ code: 'unsupported' });
    expect(transport.admin?.backlog).toBeUndefined();
  });

  test(
    'is still there after a crash, also where no message has come yet',
    { timeout: 60_000 },
    async () => {
      const transport = transportOf(server().options);
      const address = freshAddress();
      await provision(transport, address);
      await server().broker.kill();
      await server().broker.restart();
      const sender = await transport.openSender(wholeChannel(address), never);
      expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
      expect(ids(await collect(await openReceiver(transport, address), 1))).toEqual(['a']);
    },
  );
});

describe('order', () => {
  test('a key stays with its consumer, while others share', async () => {
    const transport = transportOf(server().options);
    const address = freshAddress();
    await provision(transport, address);
    await expectKeysToStay(transport, address);
  });

  test('of single active consumers one has all keys, and the next one after it', async () => {
    const transport = transportOf({ ...server().options, singleActiveConsumer: true });
    const address = freshAddress();
    await provision(transport, address);
    const active = await openReceiver(transport, address);
    const standby = await openReceiver(transport, address);
    const received = standby.receive(10, never);
    const sent = ['a', 'b', 'c', 'd'];
    const sender = await transport.openSender(wholeChannel(address), never);
    for (const id of sent) await send(sender, message(id, { key: `of ${id}` }));
    expect(ids(await collect(active, sent.length))).toEqual(sent);
    await active.close(never);
    const first = await received;
    const rest = await collect(standby, sent.length - first.length);
    expect(ids([...first, ...rest])).toEqual(sent);
  });

  test('what comes again stays in order, though a consumer with less room had it last', async () => {
    const transport = transportOf(server().options);
    const address = freshAddress();
    await provision(transport, address);
    const sender = await transport.openSender(wholeChannel(address), never);
    const sent = Array.from({ length: 12 }, (_, n) => `${n}`);
    for (const id of sent) await send(sender, message(id, { key: 'k' }));
    for (const room of [8, 3]) {
      const receiver = await openReceiver(transport, address, { prefetch: 8 });
      await collect(receiver, room);
      await receiver.close(never);
    }
    const last = await openReceiver(transport, address, { prefetch: 12 });
    expect(ids(await collect(last, sent.length))).toEqual(sent);
  });
});

test('a delayed message comes in its time, whatever comes before it', async () => {
  const transport = transportOf(server().options);
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const before = Date.now();
  await send(sender, message('late', { delayMs: 1_200, key: 'k' }), message('soon'));
  const receiver = await openReceiver(transport, address);
  const found = await collect(receiver, 2);
  expect(ids(found)).toEqual(['soon', 'late']);
  expect(Date.now() - before).toBeGreaterThanOrEqual(1_200);
  expect(found[1]?.message.key).toBe('k');
});

test('what another program refuses is where our dead letters are', async () => {
  const transport = transportOf(server().options);
  const address = freshAddress();
  await provision(transport, address);
  await publish(transport, address, 'a');
  const receiver = await openReceiver(transport, address);
  const [held] = await collect(receiver, 1);
  // As a consumer of JMS does that gives up: here by the outcome that none of our own settlements is.
  const { token } = held!;
  (token.value as { native: { reject(): void } }).native.reject();
  const dead = await openReceiver(transport, deadLetters(address));
  expect(ids(await collect(dead, 1))).toEqual(['a']);
});

test('a client certificate beside a password is taken', async () => {
  const { tls: files, tlsHost, options } = server();
  const [ca, cert, key] = (await Promise.all(
    [files.ca, files.cert, files.key].map((file) => readFile(file)),
  )) as [Buffer, Buffer, Buffer];
  const certified = transportOf({ ...options, hosts: [tlsHost], tls: { ca, cert, key } });
  await expect(certified.check(undefined, never)).resolves.toBeUndefined();
});
