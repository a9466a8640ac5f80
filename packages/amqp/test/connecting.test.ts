import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { openTransport } from '@intermodal/core';
import { amqpFromUrl } from '../src/index.ts';
import { startAmqpProxy } from './amqp-proxy.ts';
import { type Rabbit, sharedRabbit } from './broker.ts';
import {
  closedPort,
  collect,
  expectLoginRefused,
  expectSilenceToEnd,
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

let server: Rabbit;
beforeAll(async () => {
  server = await sharedRabbit();
});

test('hosts are tried in turn, and the next open begins behind the one that failed', async () => {
  await using first = await startAmqpProxy(server.host);
  await using second = await startAmqpProxy(server.host);
  const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });
  const hosts = [at(await closedPort()), at(first.port), at(second.port)];
  const transport = transportOf({ ...server.options, hosts });
  await transport.check(undefined, never);
  expect([first.accepted, second.accepted]).toEqual([1, 0]);
  const address = freshAddress();
  const receiver = await openReceiver(transport, address);
  first.cut();
  expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
  await transport.check(undefined, never);
  expect([first.accepted, second.accepted]).toEqual([1, 1]);
});

test('a message that comes back right after a connection was lost is worth another try', async () => {
  await using proxy = await startAmqpProxy(server.host);
  const hosts = [{ host: '127.0.0.1', port: proxy.port }];
  const transport = transportOf({ ...server.options, hosts });
  const address = freshAddress();
  await provision(transport, address);
  for (const retryable of [false, true]) {
    const sender = await transport.openSender(wholeChannel(address), never);
    proxy.refuse(1, 'return');
    const [returned] = await send(sender, message('m-1'));
    const error = { code: 'not-found', retryable };
    expect(returned).toMatchObject({ ok: false, certainty: 'rejected', error });
    proxy.cut();
    await sender.dead;
  }
});

test('a URL leads there', async () => {
  const transport = await openTransport(`${server.url}/%2F`, { amqp: amqpFromUrl });
  await transport.check(undefined, never);
  await transport.close();
  const wrong = await openTransport(`${server.url}/nowhere`, { amqp: amqpFromUrl });
  const denied = { code: 'permission-denied' };
  await expect(wrong.check(undefined, never)).rejects.toMatchObject(denied);
  await wrong.close();
});

test('no host at all is unavailable', async () => {
  const hosts = [{ host: '127.0.0.1', port: await closedPort() }, { host: 'no-such-host.invalid' }];
  const transport = transportOf({ ...server.options, hosts });
  const unavailable = { code: 'unavailable', retryable: true };
  await expect(transport.check(undefined, never)).rejects.toMatchObject(unavailable);
});

test('a wrong password is refused at once, and stands in no error', async () => {
  const credentials = { username: 'guest', password: 'not-the-password' };
  const transport = transportOf({ ...server.options, credentials });
  await expectLoginRefused(transport);
});

test('publishing and consuming have a connection each, shared by all that a transport opens', async () => {
  await using proxy = await startAmqpProxy(server.host);
  const hosts = [{ host: '127.0.0.1', port: proxy.port }];
  const transport = transportOf({ ...server.options, hosts });
  const addresses = [freshAddress(), freshAddress(), freshAddress()];
  for (const address of addresses) {
    await provision(transport, address);
    await openReceiver(transport, address);
    await transport.openSender(wholeChannel(address), never);
  }
  expect(proxy.accepted).toBe(2);
});

test('a channel that dies takes no other with it', async () => {
  const transport = transportOf({ ...server.options, topology: 'assume' });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const lost = await transport.openSender(wholeChannel(freshAddress()), never);
  const [outcome] = await send(lost, message('m-1'));
  expect(outcome).toMatchObject({ certainty: 'unknown', error: { code: 'not-found' } });
  expect(await lost.dead).toMatchObject({ code: 'not-found' });
  expect(await send(sender, message('m-2'))).toEqual([{ ok: true }]);
});

describe('silence', () => {
  test('of a connection is found by heartbeats, and what was under way is unknown', async () => {
    await using proxy = await startAmqpProxy(server.host);
    const hosts = [{ host: '127.0.0.1', port: proxy.port }];
    const transport = transportOf({ ...server.options, hosts });
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, 'a');
    const receiver = await openReceiver(transport, address);
    const held = await collect(receiver, 1);
    const sender = await transport.openSender(wholeChannel(address), never);
    proxy.blackHole();
    const [outcome] = await send(sender, message('b'));
    expect(outcome).toMatchObject({ ok: false, certainty: 'unknown' });
    expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
    expect(await settle(receiver, held, 'ack')).toEqual(['lost']);
    const next = await openReceiver(transport, address);
    expect(ids(await collect(next, 1))).toEqual(['a']);
  });

  test.each([false, true])(
    'while connecting ends with its bound, or with the transport; TLS: %s',
    (tls) => expectSilenceToEnd((options) => transportOf({ ...server.options, ...options, tls })),
  );

  test('is no reason for close to wait', async () => {
    await using proxy = await startAmqpProxy(server.host);
    const hosts = [{ host: '127.0.0.1', port: proxy.port }];
    const transport = transportOf({ ...server.options, hosts, heartbeatSeconds: 60 });
    const address = freshAddress();
    const receiver = await openReceiver(transport, address);
    proxy.blackHole();
    expect(await receiver.close(AbortSignal.abort())).toEqual({ abandoned: 0 });
    await transport.close();
  });
});

describe('TLS', () => {
  test('the certificate is checked', async () => {
    const { tlsHost } = server;
    const blind = transportOf({ ...server.options, hosts: [tlsHost], tls: true });
    const untrusted = { code: 'unavailable', retryable: false };
    await expect(blind.check(undefined, never)).rejects.toMatchObject(untrusted);
    const ca = await readFile(server.tls.ca);
    const trusting = transportOf({ ...server.options, hosts: [tlsHost], tls: { ca } });
    await trusting.check(undefined, never);
    const servername = 'another.example';
    const other = transportOf({ ...server.options, hosts: [tlsHost], tls: { ca, servername } });
    await expect(other.check(undefined, never)).rejects.toMatchObject(untrusted);
  });

  test('a client certificate is a login', async () => {
    const [ca, cert, key] = await Promise.all(
      [server.tls.ca, server.tls.cert, server.tls.key].map((file) => readFile(file)),
    );
    const tls = { ca, cert, key } as { ca: Buffer; cert: Buffer; key: Buffer };
    const credentials = 'external' as const;
    const transport = transportOf({ hosts: [server.tlsHost], tls, credentials });
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, 'a');
    expect(ids(await collect(await openReceiver(transport, address), 1))).toEqual(['a']);
  });

  test('a port that does not speak it is said to', async () => {
    const transport = transportOf({ ...server.options, tls: true });
    await expect(transport.check(undefined, never)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test('credentials are asked for at each open, and before they expire', async () => {
  let asked = 0;
  let renewed: () => void;
  const isRenewed = new Promise<void>((resolve) => {
    renewed = resolve;
  });
  const credentials = (): { username: string; password: string; expiresAt?: Date } => {
    asked += 1;
    if (asked === 3) renewed();
    const expiresAt = asked < 3 ? { expiresAt: new Date(Date.now() + 200) } : {};
    return { username: 'guest', password: 'guest', ...expiresAt };
  };
  const transport = transportOf({ ...server.options, credentials });
  await transport.check(undefined, never);
  expect(asked).toBe(1);
  await isRenewed;
  await transport.check(undefined, never);
  expect(asked).toBe(3);
});
