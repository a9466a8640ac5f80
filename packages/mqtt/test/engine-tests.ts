import { readFile } from 'node:fs/promises';
import { channel, createClient } from '@intermodal/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MqttProtocol, mqttTransport, type MqttTransportOptions } from '../src/index.ts';
import { type BrokerName, type Server, serverOf, stopServer } from './broker.ts';
import { startMqttProxy } from './mqtt-proxy.ts';
import {
  closedPort,
  collect,
  collectFor,
  deadLetters,
  expectLoginRefused,
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

const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });

/** What holds on every broker, against the real one. */
export function engineTests(name: BrokerName, protocol: MqttProtocol): () => Server {
  let server: Server;
  let options: MqttTransportOptions;
  beforeAll(async () => {
    server = await serverOf(name);
    options = server.options(protocol);
  }, 300_000);
  afterAll(() => stopServer(name));

  describe('connecting', () => {
    test('hosts are tried in turn, and the next open begins behind the one that failed', async () => {
      await using first = await startMqttProxy(server.host);
      await using second = await startMqttProxy(server.host);
      const hosts = [at(await closedPort()), at(first.port), at(second.port)];
      const transport = transportOf({ ...options, hosts });
      await transport.check(undefined, never);
      expect([first.accepted, second.accepted]).toEqual([1, 0]);
      const receiver = await openReceiver(transport, freshAddress());
      expect(second.accepted).toBe(0);
      first.cut();
      expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
      await transport.check(undefined, never);
      expect(second.accepted).toBe(1);
    });

    test('no host at all is unavailable', async () => {
      const hosts = [at(await closedPort()), { host: 'no-such-host.invalid' }];
      const transport = transportOf({ ...options, hosts });
      const unavailable = { code: 'unavailable', retryable: true };
      await expect(transport.check(undefined, never)).rejects.toMatchObject(unavailable);
    });

    test('a wrong password is refused at once, and stands in no error', async () => {
      const credentials = { username: 'admin', password: 'not-the-pässword' };
      const transport = transportOf({ ...options, credentials });
      await expectLoginRefused(transport);
    });

    test('credentials are asked for at each open', async () => {
      const { credentials } = options;
      if (typeof credentials !== 'object') throw new Error('the tests have a login');
      let asked = 0;
      const ask = () => {
        asked += 1;
        return credentials;
      };
      const transport = transportOf({ ...options, credentials: ask });
      await transport.check(undefined, never);
      await transport.check(undefined, never);
      expect(asked).toBe(2);
    });

    test('senders share a connection, and each group has its own', async () => {
      await using proxy = await startMqttProxy(server.host);
      const transport = transportOf({ ...options, hosts: [at(proxy.port)] });
      for (let n = 0; n < 3; n += 1)
        await transport.openSender(wholeChannel(freshAddress()), never);
      expect(proxy.accepted).toBe(1);
      for (let n = 0; n < 3; n += 1) await openReceiver(transport, freshAddress());
      // Each new group has one for a moment in which the place of its dead letters is made.
      expect(proxy.accepted).toBe(7);
    });

    test('silence is found, and what was under way is unknown', async () => {
      await using proxy = await startMqttProxy(server.host);
      const transport = transportOf({ ...options, hosts: [at(proxy.port)] });
      const address = freshAddress();
      await provision(transport, address);
      const receiver = await openReceiver(transport, address);
      const sender = await transport.openSender(wholeChannel(address), never);
      proxy.blackHole();
      const sending = send(sender, message('a'));
      expect(await receiver.dead).toMatchObject({ code: 'unavailable', retryable: true });
      expect(await sender.dead).toMatchObject({ code: 'unavailable', retryable: true });
      expect(await sending).toMatchObject([{ ok: false, certainty: 'unknown' }]);
      expect(await send(sender, message('b'))).toMatchObject([{ certainty: 'rejected' }]);
    });

    test('a broker that accepts connections and says nothing is given up in time', async () => {
      await using proxy = await startMqttProxy(server.host);
      const thaw = proxy.freeze();
      const hosts = [at(proxy.port)];
      const transport = transportOf({ ...options, hosts, connectTimeoutMs: 300 });
      const unavailable = { code: 'unavailable', retryable: true };
      await expect(transport.check(undefined, never)).rejects.toMatchObject(unavailable);
      thaw();
    });
  });

  describe('carriers', () => {
    test.each(['', 'TLS_', 'WS_', 'WSS_'] as const)('by %s', async (carrier) => {
      if (name === 'rabbitmq-protocols' && carrier.includes('S_') && carrier !== 'WS_') return;
      const isTls = carrier === 'TLS_' || carrier === 'WSS_';
      const transport = transportOf({
        ...options,
        hosts: [server.hostOf(carrier)],
        webSocket: carrier.startsWith('WS'),
        ...(isTls ? { tls: { ca: await readFile(server.tls.ca) } } : {}),
      });
      const address = freshAddress();
      await provision(transport, address);
      const sender = await transport.openSender(wholeChannel(address), never);
      // Over WebSockets brokers take less at once.
      const large = 'x'.repeat(carrier.startsWith('WS') ? 30_000 : 300_000);
      expect(await send(sender, message('a', { body: large }))).toEqual([{ ok: true }]);
      const [found] = await collect(await openReceiver(transport, address), 1);
      expect(Buffer.from(found?.message.body as string).toString()).toBe(large);
    });
  });

  describe('acks', () => {
    test('are held until a delivery is settled, and in any order: the others come again, in order', async () => {
      const transport = transportOf(options);
      const address = freshAddress();
      await provision(transport, address);
      const all = Array.from({ length: 8 }, (_, n) => `m-${n}`);
      await publish(transport, address, ...all);
      const first = await openReceiver(transport, address);
      const found = await collect(first, 8);
      expect(ids(found)).toEqual(all);
      const settled = [6, 2, 4].flatMap((n) => found[n] ?? []);
      expect(await settle(first, settled, 'ack')).toEqual(['done', 'done', 'done']);
      await first.close(never);
      expect(await settle(first, found.slice(0, 1), 'ack')).toEqual(['lost']);
      const second = await openReceiver(transport, address);
      const left = await collect(second, 5);
      expect(ids(left)).toEqual(['m-0', 'm-1', 'm-3', 'm-5', 'm-7']);
      expect(left.every(({ redelivered }) => redelivered === true)).toBe(true);
      expect(await settle(second, found.slice(1, 2), 'ack')).toEqual(['lost']);
      await settle(second, left, 'ack');
      await second.close(never);
      expect(await collectFor(await openReceiver(transport, address), 300)).toEqual([]);
    });

    test('many are held at once, and the connection stays alive', async () => {
      const transport = transportOf({ ...options, keepAliveMs: 1_000 });
      const address = freshAddress();
      await provision(transport, address);
      await publish(transport, address, ...Array.from({ length: 10 }, (_, n) => `${n}`));
      const receiver = await openReceiver(transport, address);
      const found = await collect(receiver, 10);
      const isDead = await Promise.race([receiver.dead, collectFor(receiver, 3_000)]);
      expect(isDead).toEqual([]);
      expect(await settle(receiver, found, 'ack')).toEqual(found.map(() => 'done'));
    });

    test('what is released comes next again, and all of it with the connection', async () => {
      const transport = transportOf(options);
      const address = freshAddress();
      await provision(transport, address);
      await publish(transport, address, 'a', 'b', 'c');
      const receiver = await openReceiver(transport, address);
      const [a, b, c] = await collect(receiver, 3);
      await settle(receiver, [b!], 'release');
      await settle(receiver, [a!], 'retry');
      expect(ids(await collect(receiver, 2))).toEqual(['a', 'b']);
      await settle(receiver, [c!], 'ack');
      await receiver.close(never);
      expect(ids(await collect(await openReceiver(transport, address), 2))).toEqual(['a', 'b']);
    });
  });

  describe('members of a group', () => {
    const orders = channel<number>('orders');

    test('a second one of the same transport is refused at once', async () => {
      const transport = transportOf(options);
      const address = freshAddress();
      const first = await openReceiver(transport, address);
      const second = openReceiver(transport, address);
      await expect(second).rejects.toMatchObject({ code: 'unsupported', retryable: false });
      await first.close(never);
      const third = await openReceiver(transport, address);
      expect(await collectFor(third, 50)).toEqual([]);
    });

    test('one of two that push each other out gives up, and the other goes on', async () => {
      const group = freshAddress().channel;
      await using first = createClient({ transport: mqttTransport(options) });
      await using second = createClient({ transport: mqttTransport(options) });
      const refusals: unknown[] = [];
      const seen: string[] = [];
      for (const client of [first, second]) {
        const consumer = await client.consume(orders, { group }, ({ id }) => {
          seen.push(id);
        });
        consumer.done.catch((error: unknown) => refusals.push(error));
      }
      await expect.poll(() => refusals.length, { timeout: 30_000 }).toBe(1);
      expect(refusals[0]).toMatchObject({ code: 'unsupported', retryable: false });
      const { id } = await first.publish(orders, 1);
      await expect.poll(() => seen, { timeout: 10_000 }).toContain(id);
      expect(refusals).toHaveLength(1);
    });
  });

  describe('sessions', () => {
    test('each provisioned group keeps what comes while nobody consumes it, and so do its dead letters', async () => {
      const transport = transportOf(options);
      const address = freshAddress();
      const other = { ...address, group: 'shipping' };
      await provision(transport, address);
      await provision(transport, other);
      await provision(transport, other);
      const sender = await transport.openSender(wholeChannel(address), never);
      expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
      await publish(transport, deadLetters(address), 'dead');
      const later = transportOf(options);
      for (const each of [address, other])
        expect(ids(await collect(await openReceiver(later, each), 1))).toEqual(['a']);
      const dead = await openReceiver(later, deadLetters(address));
      expect(ids(await collect(dead, 1))).toEqual(['dead']);
    });

    test('what is for one group does not reach the others', async () => {
      const transport = transportOf(options);
      const address = freshAddress();
      const other = { ...address, group: 'shipping' };
      await provision(transport, address);
      await provision(transport, other);
      await publish(transport, address, 'a');
      expect(ids(await collect(await openReceiver(transport, address), 1))).toEqual(['a']);
      expect(await collectFor(await openReceiver(transport, other), 200)).toEqual([]);
    });

    test('a dead letter is kept although nobody has provisioned', async () => {
      const transport = transportOf(options);
      const address = freshAddress();
      await publish(transport, deadLetters(address), 'dead');
      const dead = await openReceiver(transport, deadLetters(address));
      expect(ids(await collect(dead, 1))).toEqual(['dead']);
    });

    test('what was removed or purged holds nothing', async () => {
      const transport = transportOf(options);
      const address = freshAddress();
      for (const end of ['purge', 'remove'] as const) {
        await provision(transport, address);
        await publish(transport, address, 'a');
        await transport.admin?.[end]?.(address, never);
        const receiver = await openReceiver(transport, address);
        expect(await collectFor(receiver, 200)).toEqual([]);
        await receiver.close(never);
      }
    });
  });

  return () => server;
}
