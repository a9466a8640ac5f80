import { readFile } from 'node:fs/promises';
import { amqpTransport } from '@intermodal/amqp';
import type { Address, Transport, WireDelivery } from '@intermodal/core/driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Amqp1TransportOptions } from '../src/index.ts';
import { startAmqp1Proxy } from './amqp1-proxy.ts';
import { type BrokerName, type Server, serverOf, stopServer } from './broker.ts';
import {
  closedPort,
  closeLater,
  collect,
  collectFor,
  deadLetters,
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
export function provisionerOn({ name, options }: Server): Transport {
  if (name !== 'rabbitmq') return transportOf(options);
  const { hosts, credentials, queueType, singleActiveConsumer } = options;
  const provisioner: Transport = amqpTransport({
    ...(hosts === undefined ? {} : { hosts }),
    ...(typeof credentials === 'object' ? { credentials } : {}),
    queueType,
    singleActiveConsumer,
  });
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
  const counts = name !== 'rabbitmq';

  describe('connecting', () => {
    test('hosts are tried in turn, and the next open begins behind the one that failed', async () => {
      await using first = await startAmqp1Proxy(server.host);
      await using second = await startAmqp1Proxy(server.host);
      const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });
      const hosts = [at(await closedPort()), at(first.port), at(second.port)];
      const transport = transportOf({ ...server.options, hosts });
      await transport.check(undefined, never);
      expect([first.accepted, second.accepted]).toEqual([1, 0]);
      const receiver = await openReceiver(transport, await freshPlace(server));
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
      // RabbitMQ 4 lets whom it refuses wait for three seconds.
      const transport = transportOf({ ...server.options, credentials, idleTimeoutMs: 20_000 });
      await expectLoginRefused(transport);
    });

    test('publishing and consuming have a connection each, shared by all that a transport opens', async () => {
      await using proxy = await startAmqp1Proxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const transport = transportOf({ ...server.options, hosts });
      for (let n = 0; n < 3; n += 1) {
        const address = await freshPlace(server);
        await openReceiver(transport, address);
        await transport.openSender(address, never);
      }
      expect(proxy.accepted).toBe(2);
    });

    test('silence is found, and what was under way is unknown', async () => {
      await using proxy = await startAmqp1Proxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const transport = transportOf({ ...server.options, hosts });
      await expectSilenceFound(proxy, transport, await freshPlace(server));
    });

    test.each([false, true])('silence ends with its bound, or with the transport; TLS: %s', (tls) =>
      expectSilenceToEnd((options) => transportOf({ ...server.options, ...options, tls })),
    );

    test('silence is no reason for close to wait', async () => {
      await using proxy = await startAmqp1Proxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const transport = transportOf({ ...server.options, hosts, idleTimeoutMs: 60_000 });
      const receiver = await openReceiver(transport, await freshPlace(server));
      proxy.blackHole();
      expect(await receiver.close(AbortSignal.abort())).toEqual({ abandoned: 0 });
      await transport.close();
    });

    test('the certificate is checked', async () => {
      const { tlsHost } = server;
      const secured = (tls: Amqp1TransportOptions['tls']): Transport =>
        transportOf({ ...server.options, hosts: [tlsHost], tls });
      const untrusted = { code: 'unavailable', retryable: false };
      await expect(secured(true).check(undefined, never)).rejects.toMatchObject(untrusted);
      const ca = await readFile(server.tls.ca);
      await secured({ ca }).check(undefined, never);
      const other = secured({ ca, servername: 'another.example' });
      await expect(other.check(undefined, never)).rejects.toMatchObject(untrusted);
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
      expect(asked).toBe(1);
    });

    test('a user who may not is told so', async () => {
      const transport = transportOf(server.restricted);
      const denied = { code: 'permission-denied', retryable: false };
      const address = await freshPlace(server);
      await expect(
        transport
          .openSender(address, never)
          .then((sender) => send(sender, message('a')))
          .then(([outcome]) => {
            if (outcome?.ok === false) throw outcome.error;
          }),
      ).rejects.toMatchObject(denied);
      await expect(openReceiver(transport, address)).rejects.toMatchObject(denied);
    });
  });

  describe('settling', () => {
    test('retry and release bring it again', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      await publish(transport, address, 'a', 'b', 'c', 'd');
      const receiver = await openReceiver(transport, address, { prefetch: 2 });
      const [a, b] = await collect(receiver, 2);
      expect(a?.attempt).toBe(counts ? 1 : undefined);
      expect(await settle(receiver, [a as WireDelivery], 'retry')).toEqual(['done']);
      expect(await settle(receiver, [b as WireDelivery], 'release')).toEqual(['done']);
      // Where among the others they come is the broker's choice.
      const again = await collect(receiver, 2);
      await settle(receiver, again, 'ack');
      again.push(...(await collect(receiver, 2)));
      const byId = again.toSorted((one, other) => one.message.id.localeCompare(other.message.id));
      expect(ids(byId)).toEqual(['a', 'b', 'c', 'd']);
      const attempts = byId.map(({ attempt }) => attempt);
      expect(attempts).toEqual(counts ? [2, 1, 1, 1] : Array(4).fill(undefined));
    });

    test('closing gives back, uncounted and in order; a crash counts', async () => {
      const address = await freshPlace(server);
      await publish(transportOf(server.options), address, 'a', 'b', 'c');
      const closing = await openReceiver(transportOf(server.options), address);
      await collect(closing, 3);
      expect(await closing.close(never)).toEqual({ abandoned: 0 });
      await using proxy = await startAmqp1Proxy(server.host);
      const hosts = [{ host: '127.0.0.1', port: proxy.port }];
      const crashing = await openReceiver(transportOf({ ...server.options, hosts }), address);
      const held = await collect(crashing, 3);
      expect(ids(held)).toEqual(['a', 'b', 'c']);
      expect(held.map(({ attempt }) => attempt)).toEqual(Array(3).fill(counts ? 1 : undefined));
      proxy.cut();
      await crashing.dead;
      const again = await collect(await openReceiver(transportOf(server.options), address), 3);
      expect(ids(again)).toEqual(['a', 'b', 'c']);
      expect(again.map(({ attempt }) => attempt)).toEqual(Array(3).fill(counts ? 2 : undefined));
    });

    test('what one that ends held comes to the next one before the rest', async () => {
      const options: Amqp1TransportOptions = { ...server.options, singleActiveConsumer: true };
      const transport = transportOf(options);
      const address = await freshPlace({ ...server, options });
      const all = Array.from({ length: 40 }, (_, n) => `m-${String(n).padStart(2, '0')}`);
      await publish(transport, address, ...all);
      const ending = await openReceiver(transport, address);
      expect(ids(await collect(ending, 10))).toEqual(all.slice(0, 10));
      const next = await openReceiver(transport, address);
      const rest = collect(next, 40);
      await ending.close(never);
      expect(ids(await rest)).toEqual(all);
    });

    test('neighbours that are settled at once each get their own outcome', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      const wanted = ['a', 'b', 'c', 'd', 'e', 'f'];
      await publish(transport, address, ...wanted);
      const receiver = await openReceiver(transport, address);
      const held = await collect(receiver, 6);
      const acks = held.filter((_, index) => index % 2 === 0);
      const releases = held.filter((_, index) => index % 2 === 1);
      await Promise.all([settle(receiver, acks, 'ack'), settle(receiver, releases, 'release')]);
      const again = await collect(receiver, 3);
      expect(ids(again).toSorted()).toEqual(['b', 'd', 'f']);
      await settle(receiver, again, 'ack');
      await receiver.close(never);
      const rest = await openReceiver(transport, address);
      expect(await collectFor(rest, 300)).toEqual([]);
    });

    test('never more than were asked for are out, and a stopped receive leaves what comes to others', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      const all = Array.from({ length: 40 }, (_, n) => `m-${n}`);
      await publish(transport, address, ...all.slice(0, 20));
      const receiver = await openReceiver(transport, address, { prefetch: 5 });
      const held = await collect(receiver, 5);
      const stop = new AbortController();
      const more = await receiver.receive(2, stop.signal);
      expect(more.length).toBeLessThanOrEqual(2);
      stop.abort();
      await publish(transport, address, ...all.slice(20));
      const other = await openReceiver(transport, address);
      // Two at most may have been sent to the first one before it took its credit back: those it keeps.
      const left = all.length - held.length - more.length;
      const rest = await collect(other, left - 2);
      const kept: WireDelivery[] = [];
      await expect
        .poll(
          async () => {
            rest.push(...(await collectFor(other, 100)));
            kept.push(...(await collectFor(receiver, 100)));
            return rest.length + kept.length;
          },
          { timeout: 10_000 },
        )
        .toBe(left);
      expect(kept.length).toBeLessThanOrEqual(2);
      expect(ids([...held, ...more, ...rest, ...kept]).toSorted()).toEqual(all.toSorted());
    });
  });

  describe('messages', () => {
    test('of a megabyte, and one byte beyond the bound not', async () => {
      const transport = transportOf({ ...server.options, maxMessageBytes: 1_100_000 });
      await expectMegabyte(transport, await freshPlace(server));
    });

    test('whose time is over become dead letters or are gone, and are not delivered', async () => {
      const transport = transportOf(server.options);
      const address = await freshPlace(server);
      const sender = await transport.openSender(wholeChannel(address), never);
      await send(sender, message('short', { ttlMs: 200 }), message('long', { ttlMs: 60_000 }));
      const dead = await openReceiver(transport, deadLetters(address));
      const letters = collect(dead, 1);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const receiver = await openReceiver(transport, address);
      expect(ids(await collect(receiver, 1))).toEqual(['long']);
      expect(ids(await letters)).toEqual(['short']);
    });
  });

  return () => server;
}
