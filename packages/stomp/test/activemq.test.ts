import { readFile } from 'node:fs/promises';
import { hostOf } from '@intermodal/brokers';
import type { Address } from '@intermodal/core/driver';
import { describe, expect, test } from 'vitest';
import type { StompTransportOptions } from '../src/index.ts';
import { engineTests, freshPlace } from './engine-tests.ts';
import { interopTests } from './interop-tests.ts';
import { startStompProxy } from './stomp-proxy.ts';
import {
  collect,
  collectFor,
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
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

const server = engineTests('activemq');
interopTests(server);

/** Options for another way to the same broker. */
async function by(
  meaning: 'STOMP_TLS_URL' | 'STOMP_WS_URL' | 'STOMP_WSS_URL',
): Promise<StompTransportOptions> {
  const { options, address, tls } = server();
  const ca = await readFile(tls.ca);
  return {
    ...options,
    hosts: [hostOf(address(meaning))],
    webSocket: meaning !== 'STOMP_TLS_URL',
    tls: meaning === 'STOMP_WS_URL' ? false : { ca },
  };
}

describe('carriers', () => {
  test.each(['STOMP_TLS_URL', 'STOMP_WS_URL', 'STOMP_WSS_URL'] as const)(
    '%s carries any body',
    async (meaning) => {
      const transport = transportOf(await by(meaning));
      const address = await freshPlace(server());
      const sender = await transport.openSender(wholeChannel(address), never);
      const bodies = [Buffer.from([...Array(256).keys()]), 'żółć 🚢', '', Buffer.of(), 'a\0b'];
      for (const [n, body] of bodies.entries()) await send(sender, message(`${n}`, { body }));
      const receiver = await openReceiver(transport, address);
      const found = await collect(receiver, bodies.length);
      expect(found.map(({ message: { body } }) => Buffer.from(body as string))).toEqual(
        bodies.map((body) => Buffer.from(body as string)),
      );
      expect(await settle(receiver, found, 'ack')).toEqual(bodies.map(() => 'done'));
      await receiver.close(never);
      expect(await collectFor(await openReceiver(transport, address), 200)).toEqual([]);
    },
  );

  test('what a WebSocket wrote as base64 is bytes by TCP', async () => {
    const address = await freshPlace(server());
    const sender = await transportOf(await by('STOMP_WS_URL')).openSender(address, never);
    const body = Buffer.of(0xff, 0xfe);
    await send(sender, message('a', { body }));
    const receiver = await openReceiver(transportOf(server().options), address);
    const [found] = await collect(receiver, 1);
    expect(Buffer.from(found?.message.body as Uint8Array)).toEqual(body);
  });

  test('bytes by TCP end a consumer by WebSocket, and are still there', async () => {
    const address = await freshPlace(server());
    const tcp = transportOf(server().options);
    const sender = await tcp.openSender(address, never);
    await send(sender, message('a', { body: Buffer.of(0x61, 0xff, 0xfe, 0x62) }));
    const receiver = await openReceiver(transportOf(await by('STOMP_WS_URL')), address);
    const receiving = receiver.receive(1, never);
    expect(await receiver.dead).toMatchObject({ code: 'unsupported', retryable: false });
    expect(await receiving).toEqual([]);
    expect(ids(await collect(await openReceiver(tcp, address), 1))).toEqual(['a']);
  });

  test('the certificate is checked', async () => {
    for (const meaning of ['STOMP_TLS_URL', 'STOMP_WSS_URL'] as const) {
      const { tls, ...options } = await by(meaning);
      const untrusted = { code: 'unavailable', retryable: false };
      const blind = transportOf({ ...options, tls: true });
      await expect(blind.check(undefined, never)).rejects.toMatchObject(untrusted);
      const servername = 'another.example';
      const other = transportOf({ ...options, tls: { ...(tls as object), servername } });
      await expect(other.check(undefined, never)).rejects.toMatchObject(untrusted);
    }
  });

  test('a client certificate beside a password is taken', async () => {
    const files = server().tls;
    const [cert, key] = (await Promise.all(
      [files.cert, files.key].map((file) => readFile(file)),
    )) as [Buffer, Buffer];
    for (const meaning of ['STOMP_TLS_URL', 'STOMP_WSS_URL'] as const) {
      const { tls, ...options } = await by(meaning);
      const certified = transportOf({ ...options, tls: { ...(tls as object), cert, key } });
      await expect(certified.check(undefined, never)).resolves.toBeUndefined();
    }
  });

  test('a WebSocket without STOMP is said to be one', async () => {
    const options = await by('STOMP_WS_URL');
    const transport = transportOf({ ...options, hosts: [hostOf(server().address('STOMP_URL'))] });
    await expect(transport.check(undefined, never)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

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

  test('is still there after a crash, also where no message has come yet', async () => {
    const transport = transportOf(server().options);
    const address = freshAddress();
    await provision(transport, address);
    await server().broker.kill();
    await server().broker.restart();
    const sender = await transport.openSender(wholeChannel(address), never);
    expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
    expect(ids(await collect(await openReceiver(transport, address), 1))).toEqual(['a']);
  });
});

test('a user without rights is told so for each message, and the others go on', async () => {
  const credentials = { username: 'restricted', password: 'restricted' };
  const transport = transportOf({ ...server().options, credentials });
  const address = await freshPlace(server());
  const refused = { code: 'permission-denied', retryable: false };
  const sender = await transport.openSender(wholeChannel(address), never);
  for (const id of ['a', 'b'])
    expect(await send(sender, message(id))).toMatchObject([
      { ok: false, certainty: 'rejected', error: refused },
    ]);
  await expect(openReceiver(transport, address)).rejects.toMatchObject(refused);
  const allowed: Address = { channel: 'c', role: 'main', native: 'queue://allowed.orders' };
  const other = await transport.openSender(allowed, never);
  expect(await send(other, message('a'))).toEqual([{ ok: true }]);
});

describe('order', () => {
  test('a key stays with its consumer, while others share', async () => {
    const transport = transportOf(server().options);
    const address = await freshPlace(server());
    await expectKeysToStay(transport, address);
  });

  test('a key that is retried holds back what follows it, and nothing else', async () => {
    const transport = transportOf(server().options);
    const address = await freshPlace(server());
    const sender = await transport.openSender(wholeChannel(address), never);
    const key = 'k';
    await send(sender, message('a', { key }), message('b', { key }), message('x', { key: 'y' }));
    const receiver = await openReceiver(transport, address);
    const held = await collect(receiver, 3);
    const before = Date.now();
    const [a, b] = held.filter(({ lane }) => lane === key);
    const settled = await receiver.settle(
      [
        { token: a!.token, action: 'retry', delayMs: 500, attempt: 1 },
        { token: b!.token, action: 'release' },
      ],
      never,
    );
    expect(settled).toEqual(['done', 'done']);
    await send(sender, message('c', { key }));
    const again = await collect(receiver, 3);
    expect(Date.now() - before).toBeGreaterThanOrEqual(495);
    expect(ids(again)).toEqual(['a', 'b', 'c']);
    expect(again.map(({ attempt }) => attempt)).toEqual([2, undefined, undefined]);
    // The tokens of before are spent.
    expect(await settle(receiver, [...again, ...held], 'ack')).toEqual([
      ...Array<string>(5).fill('done'),
      'done',
    ]);
    await receiver.close(never);
    expect(await collectFor(await openReceiver(transport, address), 200)).toEqual([]);
  });
});

describe('delays', () => {
  test('a delayed message comes in its time, whatever comes before it', async () => {
    const transport = transportOf(server().options);
    const address = await freshPlace(server());
    const sender = await transport.openSender(wholeChannel(address), never);
    const before = Date.now();
    await send(sender, message('late', { delayMs: 1_200, key: 'k' }), message('soon'));
    const found = await collect(await openReceiver(transport, address), 2);
    expect(ids(found)).toEqual(['soon', 'late']);
    expect(Date.now() - before).toBeGreaterThanOrEqual(1_200);
    expect(found[1]?.message.key).toBe('k');
  });

  test('a delayed retry is stored before its message is acked, at once in one transaction', async () => {
    await using proxy = await startStompProxy(server().host);
    const hosts = [{ host: '127.0.0.1', port: proxy.port }];
    const transport = transportOf({ ...server().options, hosts });
    const address = await freshPlace(server());
    await publish(transport, address, 'a');
    const receiver = await openReceiver(transport, address);
    const commands = async (delayMs: number): Promise<string> => {
      const [held] = await collect(receiver, 1);
      const from = proxy.sent.length;
      const { token } = held!;
      const retry = { token, action: 'retry', delayMs, attempt: held?.attempt ?? 1 } as const;
      expect(await receiver.settle([retry], never)).toEqual(['done']);
      return proxy.sent
        .slice(from)
        .map(({ command, headers }) => `${command}${headers.has('transaction') ? '*' : ''}`)
        .join(' ');
    };
    // The scheduler of ActiveMQ takes what a transaction holds after the commit.
    expect(await commands(100)).toBe('SEND ACK');
    expect(await commands(0)).toBe('BEGIN* SEND* ACK* COMMIT*');
    const [third] = await collect(receiver, 1);
    expect(third).toMatchObject({ attempt: 3, message: { id: 'a' } });
  });

  test('without the scheduler there are none, and retries are local', () => {
    const { capabilities } = transportOf({ ...server().options, scheduler: false });
    expect(capabilities).toMatchObject({ delay: false, retry: 'local' });
  });
});

test('a dead letter is stored and its message acked in one transaction', async () => {
  const transport = transportOf(server().options);
  const address = await freshPlace(server());
  await publish(transport, address, 'a');
  const receiver = await openReceiver(transport, address);
  const [held] = await collect(receiver, 1);
  const letter = receiver.prepareDeadLetter?.(
    message('a', {
      headers: new Map([
        ['imreason', 'why'],
        ['imattempt', '3'],
      ]),
    }),
  );
  const { token } = held!;
  const reject = { token, action: 'reject', reason: 'why', deadLetter: letter! } as const;
  expect(await receiver.settle([reject], never)).toEqual(['done']);
  const dead = await openReceiver(transport, deadLetters(address));
  const [found] = await collect(dead, 1);
  expect(found?.message.headers).toEqual(
    new Map([
      ['imreason', 'why'],
      ['imattempt', '3'],
    ]),
  );
  expect(found?.attempt).toBeUndefined();
});

describe('durable subscriptions', () => {
  const topics = (address: Address): string =>
    address.role === 'main' ? `topic://prices.${address.channel}` : `queue://dead.${address.group}`;

  test('a group is one, and gets what came while it was away', async () => {
    const transport = transportOf({ ...server().options, naming: topics });
    const address = freshAddress();
    const first = await openReceiver(transport, address);
    await first.close(never);
    const sender = await transport.openSender(wholeChannel(address), never);
    await send(sender, message('a', { key: 'k' }), message('b'));
    const receiver = await openReceiver(transport, address);
    const held = await collect(receiver, 2);
    expect(ids(held)).toEqual(['a', 'b']);
    await settle(receiver, held.slice(1), 'retry');
    const [again] = await collect(receiver, 1);
    expect(again).toMatchObject({ attempt: 2, message: { id: 'b' } });
    await settle(receiver, [held[0]!, again!], 'ack');
    await receiver.close(never);
    expect(await collectFor(await openReceiver(transport, address), 200)).toEqual([]);
  });

  test('a second consumer of one is refused', async () => {
    const transport = transportOf({ ...server().options, naming: topics });
    const address = freshAddress();
    await openReceiver(transport, address);
    await expect(openReceiver(transport, address)).rejects.toMatchObject({
      code: 'rejected',
      retryable: false,
    });
    await openReceiver(transport, { ...address, group: 'other' });
  });
});

describe('JMS', () => {
  const openwire = (): readonly string[] => {
    const { host, username, password } = server().address('OPENWIRE_URL');
    return [`tcp://${host}`, '--user', username, '--password', password];
  };

  test('sees text as text, bytes as bytes, and headers as properties', async () => {
    const address = await freshPlace(server());
    const sender = await transportOf(server().options).openSender(address, never);
    const headers = new Map([['tenant', 'żółć']]);
    await send(
      sender,
      message('m-1', { body: '{"n":"żółć"}', headers, key: 'k-1', publishedAt: 1_700_000_000_123 }),
      message('m-2', { body: Buffer.of(1, 2, 3), priority: 7 }),
    );
    const name = `Consumer.billing.VirtualTopic.${address.channel}`;
    const seen = await server().broker.run('browse', '--amqurl', ...openwire(), name);
    for (const line of [
      'JMS_BODY_FIELD:JMSText = {"n":"żółć"}',
      'JMS_HEADER_FIELD:JMSTimestamp = 1700000000123',
      'JMS_HEADER_FIELD:JMSDeliveryMode = persistent',
      'JMS_HEADER_FIELD:JMSPriority = 7',
      'JMS_CUSTOM_FIELD:tenant = żółć',
      'JMS_CUSTOM_FIELD:imkey = k-1',
      'JMS_CUSTOM_FIELD:imid = m-1',
      'JMS_BODY_FIELD:JMSBytes',
    ])
      expect(seen).toContain(line);
  });

  test('is read: a text message is text', async () => {
    const address = await freshPlace(server());
    const queue = `queue://Consumer.billing.VirtualTopic.${address.channel}`;
    const args = ['--destination', queue, '--message', 'żółć', '--messageCount', '1'];
    await server().broker.run('producer', '--brokerUrl', ...openwire(), ...args);
    const receiver = await openReceiver(transportOf(server().options), address);
    const [found] = await collect(receiver, 1);
    expect(found?.message).toMatchObject({ body: 'żółć', key: undefined, priority: 4 });
    expect(found?.message.id).toMatch(/^ID:/);
    expect(found?.message.headers.size).toBe(0);
  });
});
