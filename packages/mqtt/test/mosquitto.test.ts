import { readFile } from 'node:fs/promises';
import { channel, createClient } from '@intermodal/core';
import { expect, test } from 'vitest';
import { mqttTransport } from '../src/index.ts';
import { engineTests } from './engine-tests.ts';
import { startMqttProxy } from './mqtt-proxy.ts';
import {
  collect,
  collectFor,
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

const server = engineTests('mosquitto', '5');

test('what nobody has subscribed to is not-found, and was not stored', async () => {
  const transport = transportOf(server().options());
  const sender = await transport.openSender(wholeChannel(freshAddress()), never);
  expect(await send(sender, message('a'))).toMatchObject([
    { ok: false, certainty: 'rejected', error: { code: 'not-found', retryable: false } },
  ]);
});

test('who may not publish is told so', async () => {
  const credentials = server().restricted;
  const transport = transportOf({ ...server().options(), credentials });
  const denied = { code: 'permission-denied', retryable: false };
  const sender = await transport.openSender(wholeChannel(freshAddress('denied')), never);
  expect(await send(sender, message('a'))).toMatchObject([
    { certainty: 'rejected', error: denied },
  ]);
});

test('a client certificate beside a password is taken', async () => {
  const { tls: files, hostOf, options } = server();
  const [ca, cert, key] = (await Promise.all(
    [files.ca, files.cert, files.key].map((file) => readFile(file)),
  )) as [Buffer, Buffer, Buffer];
  const hosts = [hostOf('TLS_')];
  const certified = transportOf({ ...options(), hosts, tls: { ca, cert, key } });
  await expect(certified.check(undefined, never)).resolves.toBeUndefined();
});

test.each([
  ['TLS_', true, false],
  ['WSS_', true, true],
  ['', true, false],
  ['', false, true],
] as const)(
  'a wrong port, certificate or carrier is told: %s, tls %s, webSocket %s',
  async (carrier, tls, webSocket) => {
    const hosts = [server().hostOf(carrier)];
    const options = { ...server().options(), hosts, tls, webSocket, connectTimeoutMs: 2_000 };
    await expect(transportOf(options).check(undefined, never)).rejects.toMatchObject({
      code: 'unavailable',
    });
  },
);

test('headers, key, time, type and text are properties of MQTT, and come back', async () => {
  const transport = transportOf(server().options());
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const headers = new Map([
    ['tenant', 'żółć'],
    ['mqtt-response-topic', 'answers/7'],
    ['mqtt-correlation-data', 'c-7'],
    ['lines', 'one\ntwo'],
    ['__proto__', 'x'],
  ]);
  const sent = { headers, key: 'k-1', contentType: 'text/plain', publishedAt: 1_700_000_000_123 };
  await send(sender, message('m-1', { ...sent, body: 'żółć' }));
  const [found] = await collect(await openReceiver(transport, address), 1);
  expect(found?.message).toEqual({ ...sent, id: 'm-1', channel: address.channel, body: 'żółć' });
  expect(found?.native).toMatchObject({
    properties: {
      responseTopic: 'answers/7',
      correlationData: Buffer.from('c-7'),
      contentType: 'text/plain',
      userProperties: { imid: 'm-1', imkey: 'k-1', tenant: 'żółć' },
    },
  });
});

test('no more are under way than the broker allows, and every one is confirmed', async () => {
  await using proxy = await startMqttProxy(server().host);
  const hosts = [{ host: '127.0.0.1', port: proxy.port }];
  const transport = transportOf({ ...server().options(), hosts });
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const messages = Array.from({ length: 500 }, (_, n) => message(`${n}`));
  const outcomes = await Promise.all(messages.map((each) => send(sender, each)));
  expect(outcomes.flat().every(({ ok }) => ok)).toBe(true);
  // What Mosquitto says in its CONNACK.
  expect(proxy.mostUnconfirmed).toBeLessThanOrEqual(20);
});

test('retained messages come to a new group that wants them, once', async () => {
  const retaining = transportOf({ ...server().options(), retain: true });
  const address = freshAddress();
  await provision(retaining, address);
  const sender = await retaining.openSender(wholeChannel(address), never);
  await send(sender, message('old'), message('last'));
  const wanting = transportOf({ ...server().options(), takeRetained: true });
  const later = { ...address, group: 'later' };
  const first = await openReceiver(wanting, later);
  const found = await collect(first, 1);
  expect(ids(found)).toEqual(['last']);
  await settle(first, found, 'ack');
  await first.close(never);
  expect(await collectFor(await openReceiver(wanting, later), 200)).toEqual([]);
  const plain = await openReceiver(retaining, { ...address, group: 'plain' });
  expect(await collectFor(plain, 200)).toEqual([]);
});

test('a filter can be consumed and not published to', async () => {
  const transport = transportOf(server().options());
  const address = freshAddress();
  const places = { ...address, native: `${address.channel}/+/temperature` };
  const receiver = await openReceiver(transport, places);
  const kitchen = { ...wholeChannel(address), native: `${address.channel}/kitchen/temperature` };
  expect(await send(await transport.openSender(kitchen, never), message('a'))).toEqual([
    { ok: true },
  ]);
  const [found] = await collect(receiver, 1);
  expect(found?.native).toMatchObject({ topic: kitchen.native });
  const sender = await transport.openSender(
    { ...wholeChannel(address), native: places.native },
    never,
  );
  expect(() => sender.prepare(message('b'))).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});

test('a group can be verified, which makes none', async () => {
  const transport = transportOf(server().options());
  const address = freshAddress();
  for (let n = 0; n < 2; n += 1)
    await expect(provision(transport, address, 'verify')).rejects.toMatchObject({
      code: 'not-found',
    });
  await provision(transport, address);
  await provision(transport, address, 'verify');
});

test('members of a shared group each get a part, which waits for its member', async () => {
  const address = freshAddress();
  const memberOf = (member: string) => mqttTransport({ ...server().options('5'), member });
  const [a, b] = [memberOf('a'), memberOf('b')];
  expect(a.capabilities).toMatchObject({ order: 'none', isolation: 'none' });
  expect(a.capabilities).not.toHaveProperty('members');
  const first = await openReceiver(a, address);
  const second = await openReceiver(b, address);
  const all = Array.from({ length: 20 }, (_, n) => `${n}`);
  const sender = await a.openSender(wholeChannel(address), never);
  await send(sender, ...all.map((id) => message(id)));
  const parts = [await collect(first, 10), await collect(second, 10)];
  expect(
    parts
      .flat()
      .map(({ message: { id } }) => id)
      .toSorted(),
  ).toEqual(all.toSorted());
  await settle(first, parts[0] ?? [], 'ack');
  // Mosquitto gives what a member has not acked to nobody else.
  await b.close();
  expect(await collectFor(first, 200)).toEqual([]);
  const back = memberOf('b');
  expect(ids(await collect(await openReceiver(back, address), 10))).toEqual(ids(parts[1] ?? []));
  await Promise.all([a.close(), back.close()]);
});

test(
  'a broker that is down at the start: nothing pends for ever, and all goes on',
  { timeout: 60_000 },
  async () => {
    const orders = channel<number>('orders');
    const group = freshAddress().channel;
    await server().broker.kill();
    await using client = createClient({ transport: mqttTransport(server().options()) });
    const seen: string[] = [];
    const consuming = client.consume(orders, { group }, ({ id }) => {
      seen.push(id);
    });
    const early = client.publish(orders, 1, { timeoutMs: 300 });
    await expect(early).rejects.toMatchObject({
      code: expect.stringMatching(/timeout|unavailable/) as string,
    });
    await server().broker.restart();
    await consuming;
    const { id } = await client.publish(orders, 2);
    await expect.poll(() => seen, { timeout: 20_000 }).toContain(id);
  },
);

test('what was confirmed a while ago survives a crash', { timeout: 60_000 }, async () => {
  const transport = transportOf(server().options());
  const address = freshAddress();
  await provision(transport, address);
  await publish(transport, address, ...Array.from({ length: 100 }, (_, n) => `${n}`));
  // Mosquitto saves after it has confirmed, and not the last changes before the next ones.
  await publish(transport, address, 'last', 'of', 'all');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await server().broker.kill();
  await server().broker.restart();
  const receiver = await openReceiver(transport, address, { prefetch: 200 });
  expect(ids(await collect(receiver, 100))).toHaveLength(100);
});
