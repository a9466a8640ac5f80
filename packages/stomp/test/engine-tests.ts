import { amqpTransport } from '@intermodal/amqp';
import { hostOf } from '@intermodal/brokers';
import type { Address, Transport } from '@intermodal/core/driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrokerName, type Server, serverOf, stopServer } from './broker.ts';
import { startStompProxy } from './stomp-proxy.ts';
import {
  closedPort,
  closeLater,
  collect,
  collectFor,
  expectLoginRefused,
  expectMegabyte,
  expectSilenceFound,
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

/** By what can provision there. */
function provisionerOn({ options, address }: Server): Transport {
  if (options.broker === 'activemq') return transportOf(options);
  const provisioner: Transport = amqpTransport({ hosts: [hostOf(address('URL'))] });
  closeLater(() => provisioner.close());
  return provisioner;
}

export async function freshPlace(server: Server, prefix?: string): Promise<Address> {
  const address = freshAddress(prefix);
  await provision(provisionerOn(server), address);
  return address;
}

/** What holds on every broker, against the real one. */
export function engineTests(name: BrokerName): () => Server {
  let server: Server;
  beforeAll(async () => {
    server = await serverOf(name);
  }, 300_000);
  afterAll(() => stopServer(name));
  const counts = name === 'rabbitmq-protocols';

  describe('connecting', () => {
    test('hosts are tried in turn, and the next open begins behind the one that failed', async () => {
      await using first = await startStompProxy(server.host);
      await using second = await startStompProxy(server.host);
      const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });
      const address = await freshPlace(server);
      const hosts = [at(await closedPort()), at(first.port), at(second.port)];
      const transport = transportOf({ ...server.options, hosts });
      const receiver = await openReceiver(transport, address);
      expect([first.accepted, second.accepted]).toEqual([1, 0]);
      first.cut();
      expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
      await transport.check(undefined, never);
      expect([first.accepted, second.accepted]).toEqual([1, 1]);
    });

    test('no host at all is unavailable', async () => {
      const hosts = [
        { host: '127.0.0.1', port: await closedPort() },
        { host: 'no-such-host.invalid' },
      ];
      const transport = transportOf({ ...server.options, hosts });
      const unavailable = { code: 'unavailable', retryable: true };
      await expect(transport.check(undefined, never)).rejects.toMatchObject(unavailable);
    });

    test('a wrong password is refused at once, and stands in no error', async () => {
      const credentials = { username: 'admin', password: 'not-the-pässword' };
      const transport = transportOf({ ...server.options, credentials });
      await expectLoginRefused(transport);
    });

    test('a login of several lines writes no header', async () => {
      const credentials = { username: 'admin\nhost:other', password: 'x' };
      const transport = transportOf({ ...server.options, credentials });
      await expect(transport.check(undefined, never)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    });

    test('another broker than the options say is a mismatch', async () => {
      const other = server.options.broker === 'activemq' ? 'rabbitmq' : 'activemq';
      const transport = transportOf({ ...server.options, broker: other });
      await expect(transport.check(undefined, never)).rejects.toMatchObject({ code: 'mismatch' });
    });

    test('silence is found, and what was under way is unknown', async () => {
      await using proxy = await startStompProxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const transport = transportOf({ ...server.options, hosts });
      await expectSilenceFound(proxy, transport, await freshPlace(server));
    });

    test('a connection without traffic stays', { timeout: 30_000 }, async () => {
      const transport = transportOf({ ...server.options, idleTimeoutMs: 2_000 });
      const address = await freshPlace(server);
      const receiver = await openReceiver(transport, address);
      const sender = await transport.openSender(wholeChannel(address), never);
      const ended = await Promise.race([
        receiver.dead.then(() => 'receiver'),
        sender.dead.then(() => 'sender'),
        new Promise((resolve) => setTimeout(resolve, 6_000)),
      ]);
      expect(ended).toBeUndefined();
      expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
      expect(ids(await collect(receiver, 1))).toEqual(['a']);
    });

    test.each([false, true])('silence ends with its bound, or with the transport; TLS: %s', (tls) =>
      expectSilenceToEnd((options) => transportOf({ ...server.options, ...options, tls })),
    );

    test('silence is no reason for close to wait', async () => {
      await using proxy = await startStompProxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const transport = transportOf({ ...server.options, hosts, idleTimeoutMs: 60_000 });
      const receiver = await openReceiver(transport, await freshPlace(server));
      proxy.blackHole();
      expect(await receiver.close(AbortSignal.abort())).toEqual({ abandoned: 0 });
      await transport.close();
    });

    test('a port that does not speak TLS is said to', async () => {
      const transport = transportOf({ ...server.options, tls: true });
      await expect(transport.check(undefined, never)).rejects.toMatchObject({
        code: 'unavailable',
      });
    });

    test('credentials are asked for at each open', async () => {
      let asked = 0;
      const known = server.options.credentials as { username: string; password: string };
      const credentials = (): typeof known => {
        asked += 1;
        return known;
      };
      const transport = transportOf({ ...server.options, credentials });
      await transport.check(undefined, never);
      await transport.check(undefined, never);
      expect(asked).toBe(2);
    });
  });

  describe('receiving', () => {
    test('what is not settled comes back in order', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      await publish(transport, address, 'a', 'b', 'c');
      const closing = await openReceiver(transport, address);
      expect(ids(await collect(closing, 3))).toEqual(['a', 'b', 'c']);
      expect(await closing.close(never)).toEqual({ abandoned: 0 });
      await using proxy = await startStompProxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const crashing = await openReceiver(transportOf({ ...server.options, hosts }), address);
      const held = await collect(crashing, 3);
      expect(ids(held)).toEqual(['a', 'b', 'c']);
      expect(held.every(({ redelivered }) => redelivered)).toBe(true);
      expect(held.map(({ attempt }) => attempt)).toEqual(Array(3).fill(counts ? 2 : undefined));
      proxy.cut();
      await crashing.dead;
      const again = await collect(await openReceiver(transportOf(server.options), address), 3);
      expect(ids(again)).toEqual(['a', 'b', 'c']);
      expect(again.map(({ attempt }) => attempt)).toEqual(Array(3).fill(counts ? 3 : undefined));
    });

    test('of acks that are written together one receipt is asked for', async () => {
      await using proxy = await startStompProxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const transport = transportOf({ ...server.options, hosts });
      const address = await freshPlace(server);
      await publish(transport, address, 'a', 'b', 'c');
      const receiver = await openReceiver(transport, address);
      const held = await collect(receiver, 3);
      expect(await settle(receiver, held, 'ack')).toEqual(['done', 'done', 'done']);
      const acks = proxy.sent.filter(({ command }) => command === 'ACK');
      expect(acks.map(({ headers }) => headers.has('receipt'))).toEqual([false, false, true]);
      expect(await settle(receiver, held, 'retry')).toEqual(['done', 'done', 'done']);
      await receiver.close(never);
      expect(await collectFor(await openReceiver(transport, address), 300)).toEqual([]);
    });

    test('a retry comes again, with what it carried and how often it failed', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      const sender = await transport.openSender(wholeChannel(address), never);
      const headers = new Map([['tenant', 'a:b']]);
      const more = { headers, contentType: 'text/x-own', publishedAt: 1_700_000_000_123 };
      await send(sender, message('a', { ...more, body: Buffer.of(0, 1, 255) }));
      const receiver = await openReceiver(transport, address);
      const first = await collect(receiver, 1);
      expect(await settle(receiver, first, 'retry')).toEqual(['done']);
      const [second] = await collect(receiver, 1);
      expect(second).toMatchObject({ attempt: 2, redelivered: true });
      expect(second?.message).toEqual({ ...first[0]?.message });
      await settle(receiver, second === undefined ? [] : [second], 'ack');
      expect(await collectFor(receiver, 200)).toEqual([]);
    });

    test('whoever stops with nothing in hand leaves what it was given to others', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      const receiver = await openReceiver(transport, address);
      expect(await collectFor(receiver, 50)).toEqual([]);
      await publish(transport, address, 'a', 'b');
      const other = await openReceiver(transport, address);
      const found = await collect(other, 2);
      expect(ids(found).toSorted()).toEqual(['a', 'b']);
      expect(await settle(other, found, 'ack')).toEqual(['done', 'done']);
      await publish(transport, address, 'c');
      await other.close(never);
      expect(ids(await collect(receiver, 1))).toEqual(['c']);
    });
  });

  describe('messages', () => {
    test('of a megabyte, and one byte beyond the bound not', async () => {
      const transport = transportOf({ ...server.options, maxMessageBytes: 1_100_000 });
      await expectMegabyte(transport, await freshPlace(server));
    });

    test('whose time is over are not delivered', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      const sender = await transport.openSender(wholeChannel(address), never);
      await send(sender, message('short', { ttlMs: 200 }), message('long', { ttlMs: 60_000 }));
      await new Promise((resolve) => setTimeout(resolve, 400));
      const receiver = await openReceiver(transport, address);
      expect(ids(await collect(receiver, 1))).toEqual(['long']);
    });
  });

  return () => server;
}
