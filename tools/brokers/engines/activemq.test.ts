import { readFile } from 'node:fs/promises';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { tlsFilesOf } from '../src/index.ts';
import { amqp1Peer, type Amqp1Peer } from './amqp1-peer.ts';
import { greetingOf } from './greeting.ts';
import { ownEngine, type OwnEngine } from './own-engine.ts';
import { stompPeer } from './stomp-peer.ts';

// The address of loopback in /proc/net: an IPv6 socket bound to 127.0.0.1.
const loopback = '0000000000000000FFFF00000100007F';

const login = (user: string): { username: string; password: string } => ({
  username: user,
  password: user,
});

async function amqp(engine: OwnEngine, variable: string, user = 'admin'): Promise<Amqp1Peer> {
  const { port } = new URL(engine.variable(variable));
  return amqp1Peer({ port: Number(port), ...login(user) });
}

describe('activemq', () => {
  const engine = ownEngine('activemq');

  test('listens on loopback alone', async () => {
    expect(await engine.listeningOn()).toEqual([loopback]);
  });

  test('an accepted message survives a kill', async () => {
    await using before = await amqp(engine, 'INTERMODAL_ACTIVEMQ_AMQP1_URL');
    await before.send('kept', 'still here');
    await engine.broker.kill();
    await engine.broker.restart();
    await using after = await amqp(engine, 'INTERMODAL_ACTIVEMQ_AMQP1_URL');
    expect(await after.receive('kept')).toBe('still here');
  });

  test('AMQP 1.0 over TLS', async () => {
    const tls = tlsFilesOf('activemq', engine.environment);
    const ca = [await readFile(tls.ca)];
    const [cert, key] = [await readFile(tls.cert), await readFile(tls.key)];
    const { port } = new URL(engine.variable('INTERMODAL_ACTIVEMQ_AMQP1_TLS_URL'));
    const options = { transport: 'tls', host: 'localhost', port: Number(port), ...login('admin') };
    await expect(amqp1Peer({ ...options, transport: 'tls' })).rejects.toThrow(/disconnected/);
    await using peer = await amqp1Peer({ ...options, transport: 'tls', ca, cert, key });
    await peer.send('over-tls', 'sealed');
    expect(await peer.receive('over-tls')).toBe('sealed');
  });

  test('a restricted user may use what it may use', async () => {
    await using peer = await amqp(engine, 'INTERMODAL_ACTIVEMQ_RESTRICTED_URL', 'restricted');
    await peer.send('allowed.queue', 'mine');
    expect(await peer.receive('allowed.queue')).toBe('mine');
    await expect(peer.send('forbidden', 'not mine')).rejects.toThrow('unauthorized');
  });

  test('a wrong password is refused', async () => {
    const { port } = new URL(engine.variable('INTERMODAL_ACTIVEMQ_AMQP1_URL'));
    const refused = amqp1Peer({ port: Number(port), username: 'admin', password: 'wrong' });
    await expect(refused).rejects.toThrow('amqp:unauthorized-access');
  });

  test('STOMP: a virtual topic, a delay, a refused message', async () => {
    using peer = await stompPeer(engine.variable('INTERMODAL_ACTIVEMQ_STOMP_URL'));
    const ack = 'client-individual';
    const queue = '/queue/Consumer.billing.VirtualTopic.orders';
    peer.send('SUBSCRIBE', { id: '1', destination: queue, ack });
    peer.send('SUBSCRIBE', { id: '2', destination: `/queue/DLQ.${queue.slice(7)}`, ack });
    const sentAt = Date.now();
    const delay = { AMQ_SCHEDULED_DELAY: '600', persistent: 'true', receipt: 'r' };
    peer.send('SEND', { destination: '/topic/VirtualTopic.orders', ...delay }, 'late');
    expect(await peer.receive()).toMatchObject({ command: 'RECEIPT' });
    const { body, headers } = await peer.receive();
    expect(body).toBe('late');
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(600);
    peer.send('NACK', { id: headers['ack']! });
    expect(await peer.receive()).toMatchObject({ body: 'late', headers: { subscription: '2' } });
  });

  test.each(['MQTT_URL', 'MQTT_WS_URL', 'MQTT_TLS_URL', 'MQTT_WSS_URL'])('%s', async (variable) => {
    const url = engine.variable(`INTERMODAL_ACTIVEMQ_${variable}`);
    const ca = await readFile(tlsFilesOf('activemq', engine.environment).ca);
    const client = await connectAsync(url.replace('mqtt+', ''), { ca, ...login('admin') });
    await client.subscribeAsync('orders', { qos: 1 });
    const arrived = new Promise((resolve) => {
      client.once('message', (_topic, payload) => resolve(payload.toString()));
    });
    await client.publishAsync('orders', variable, { qos: 1 });
    expect(await arrived).toBe(variable);
    await client.endAsync();
  });

  test('OpenWire answers with its magic word', async () => {
    const greeting = await greetingOf(engine.variable('INTERMODAL_ACTIVEMQ_OPENWIRE_URL'));
    expect(greeting.toString('latin1')).toContain('ActiveMQ');
  });

  test('its end leaves no process', async () => {
    expect(await engine.leftAfterStop()).toEqual([]);
  });
});

describe('activemq-redelivery', () => {
  const engine = ownEngine('activemq-redelivery');

  test('a refused message comes three more times, then it is a dead letter', async () => {
    using peer = await stompPeer(engine.variable('INTERMODAL_ACTIVEMQ_REDELIVERY_STOMP_URL'));
    const ack = 'client-individual';
    peer.send('SUBSCRIBE', { id: 'live', destination: '/queue/orders', ack });
    peer.send('SUBSCRIBE', { id: 'dead', destination: '/queue/DLQ.orders', ack });
    peer.send('SEND', { destination: '/queue/orders', persistent: 'true' }, 'poison');
    const seen: (string | undefined)[] = [];
    for (let delivery = 1; delivery <= 5; delivery += 1) {
      const { headers } = await peer.receive();
      seen.push(headers['subscription']);
      if (headers['subscription'] === 'live') peer.send('NACK', { id: headers['ack']! });
    }
    expect(seen).toEqual(['live', 'live', 'live', 'live', 'dead']);
  });
});

describe('activemq-pair', () => {
  const engine = ownEngine('activemq-pair');

  /** Connects to whichever of the two takes it. */
  async function active(): Promise<{ readonly peer: Amqp1Peer; readonly member: string }> {
    const { ports } = await engine.record();
    const tries = ['first', 'second'].map(async (member) => {
      const peer = await amqp1Peer({ port: ports[`amqp-${member}`]!, ...login('admin') });
      return { peer, member };
    });
    return Promise.any(tries);
  }

  test('the standby takes over with what the active one had accepted', async () => {
    const before = await active();
    await before.peer.send('kept', 'one');
    await engine.broker.kill(before.member);
    await expect
      .poll(async () => (await active()).member, { timeout: 30_000 })
      .not.toBe(before.member);
    const after = await active();
    expect(await after.peer.receive('kept')).toBe('one');
    await after.peer.send('kept', 'two');

    await engine.broker.restart(before.member);
    await engine.broker.kill(after.member);
    await expect.poll(async () => (await active()).member, { timeout: 30_000 }).toBe(before.member);
    const again = await active();
    expect(await again.peer.receive('kept')).toBe('two');
    await again.peer[Symbol.asyncDispose]();
  });

  test('its end leaves no process', async () => {
    expect(await engine.leftAfterStop()).toEqual([]);
  });
});
