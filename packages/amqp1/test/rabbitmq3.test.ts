import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { engineTests, freshPlace, provisionerOn } from './engine-tests.ts';
import { interopTests } from './interop-tests.ts';
import {
  collect,
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

const server = engineTests('rabbitmq');
interopTests(server, 'rabbitmq3', ['rhea']);

describe('places that are not there', () => {
  const missing = { code: 'not-found', retryable: false };

  test('are not-found for senders and receivers, although RabbitMQ 3 takes what is sent to no queue', async () => {
    const transport = transportOf(server().options);
    const address = freshAddress();
    await expect(transport.openSender(address, never)).rejects.toMatchObject(missing);
    const whole = wholeChannel(address);
    await expect(transport.openSender(whole, never)).rejects.toMatchObject(missing);
    await expect(openReceiver(transport, address)).rejects.toMatchObject(missing);
    await expect(transport.check(whole, never)).rejects.toMatchObject(missing);
  });

  test('take no other link with them', async () => {
    const transport = transportOf(server().options);
    const address = await freshPlace(server());
    const receiver = await openReceiver(transport, address);
    const sender = await transport.openSender(address, never);
    await expect(openReceiver(transport, freshAddress())).rejects.toMatchObject(missing);
    expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
    expect(ids(await collect(receiver, 1))).toEqual(['a']);
  });

  test('a queue that is deleted ends its connection after a while, and is not-found then', async () => {
    const transport = transportOf(server().options);
    const address = await freshPlace(server());
    const receiver = await openReceiver(transport, address);
    const waiting = receiver.receive(1, never);
    await provisionerOn(server()).admin?.remove?.(address, never);
    expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await waiting).toEqual([]);
    await expect(openReceiver(transport, address)).rejects.toMatchObject(missing);
  });
});

test('provisioning verifies, and says what declares', async () => {
  const transport = transportOf(server().options);
  const address = await freshPlace(server());
  await provision(transport, address, 'verify');
  const creating = provision(transport, freshAddress());
  await expect(creating).rejects.toMatchObject({ code: 'unsupported' });
  await expect(creating).rejects.toThrow('@intermodal/amqp');
  const missing = provision(transport, freshAddress(), 'verify');
  await expect(missing).rejects.toMatchObject({ code: 'not-found' });
});

test('a message for which no queue is bound is lost: RabbitMQ 3 accepts it', async () => {
  const transport = transportOf(server().options);
  const address = freshAddress();
  await provisionerOn(server()).admin?.provision(
    wholeChannel(address),
    { mode: 'create', order: 'none', maxAttempts: 5 },
    never,
  );
  const sender = await transport.openSender(wholeChannel(address), never);
  expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
});

test('redelivered is told without a count', async () => {
  const transport = transportOf(server().options);
  const address = await freshPlace(server());
  await publish(transport, address, 'a');
  const first = await openReceiver(transport, address);
  const [fresh] = await collect(first, 1);
  expect(fresh).toMatchObject({ redelivered: false });
  await first.close(never);
  const [again] = await collect(await openReceiver(transport, address), 1);
  expect(again).toMatchObject({ redelivered: true });
});

test('a vhost is chosen by name', async () => {
  const other = { ...server(), options: { ...server().options, vhost: 'other' } };
  const transport = transportOf(other.options);
  await transport.check(undefined, never);
  const nowhere = transportOf({ ...other.options, vhost: 'no-such-vhost' });
  await expect(nowhere.check(undefined, never)).rejects.toMatchObject({ retryable: false });
});

test('a client certificate is a login', async () => {
  const { tls: files, tlsHost } = server();
  const [ca, cert, key] = (await Promise.all(
    [files.ca, files.cert, files.key].map((file) => readFile(file)),
  )) as [Buffer, Buffer, Buffer];
  const tls = { ca, cert, key };
  const credentials = 'external' as const;
  const certified = transportOf({ ...server().options, hosts: [tlsHost], tls, credentials });
  await expect(certified.check(undefined, never)).resolves.toBeUndefined();
});
