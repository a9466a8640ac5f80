import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pythonWith } from '@intermodal/brokers';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { placeOf } from '../src/engine.ts';
import type { MqttProtocol } from '../src/index.ts';
import type { Server } from './broker.ts';
import {
  closeLater,
  collect,
  freshAddress,
  message,
  never,
  openReceiver,
  provision,
  send,
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

/** A message as every program can tell it. */
interface Told {
  readonly body: string;
  /** MQTT 5 only, as the headers. */
  readonly contentType?: string | null | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** A program that knows only MQTT. */
interface Peer {
  /** Makes a session of its own that keeps what comes. */
  subscribe(topic: string): Promise<void>;
  send(topic: string, theirs: Told): Promise<void>;
  take(topic: string): Promise<Told>;
}

type MakePeer = (server: Server, protocol: MqttProtocol) => Promise<Peer>;

async function run(command: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(command, args);
  child.stdin.end(input);
  child.stderr.pipe(process.stderr);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  return output;
}

const program = fileURLToPath(new URL('paho-peer.py', import.meta.url));
const requirements = fileURLToPath(new URL('paho-requirements.txt', import.meta.url));

const paho: MakePeer = async ({ url }, protocol) => {
  const python = await pythonWith('paho', requirements, () => undefined);
  const login = [url.hostname, url.port, url.username, url.password, protocol];
  const ask = (command: string, topic: string, input?: string): Promise<string> =>
    run(python, [program, ...login, command, topic], input);
  return {
    async subscribe(topic) {
      await ask('subscribe', topic);
    },
    async send(topic, theirs) {
      await ask('send', topic, JSON.stringify(theirs));
    },
    take: async (topic) => JSON.parse(await ask('take', topic)) as Told,
  };
};

interface Shown {
  readonly payload: string;
  readonly properties?: {
    readonly 'content-type'?: string;
    readonly 'user-properties'?: Readonly<Record<string, string>>;
  };
}

/** Mosquitto's own, as Debian has them. */
const commands: MakePeer = ({ url }, protocol) => {
  const is5 = protocol === '5';
  const common = [
    ...['-h', url.hostname, '-p', url.port, '-u', url.username, '-P', url.password],
    ...['-V', is5 ? 'mqttv5' : 'mqttv311', '-q', '1'],
  ];
  const sessionOf = (topic: string): string[] => [
    ...['-i', `commands-${topic.replaceAll('/', '-')}`, '-c', '-t', topic],
    ...(is5 ? ['-x', '3600'] : []),
  ];
  return Promise.resolve({
    async subscribe(topic) {
      await run('mosquitto_sub', [...common, ...sessionOf(topic), '-E']);
    },
    async send(topic, { body, contentType, headers }) {
      const all = Object.entries(headers).flatMap(([name, value]) => [
        ...['-D', 'publish', 'user-property', name, value],
      ]);
      const properties = [...all, '-D', 'publish', 'content-type', contentType ?? ''];
      await run('mosquitto_pub', [...common, '-t', topic, '-s', ...(is5 ? properties : [])], body);
    },
    async take(topic) {
      const told = await run('mosquitto_sub', [
        ...[...common, ...sessionOf(topic)],
        ...['-C', '1', '-W', '10', '-F', '%j'],
      ]);
      const { payload, properties = {} } = JSON.parse(told) as Shown;
      return {
        body: payload,
        contentType: properties['content-type'],
        headers: properties['user-properties'] ?? {},
      };
    },
  });
};

const mqttjs: MakePeer = ({ url }, protocol) => {
  const connect = async (clientId: string): Promise<MqttClient> => {
    const client = await connectAsync({
      hostname: url.hostname,
      port: Number(url.port),
      username: url.username,
      password: url.password,
      clientId,
      clean: false,
      reconnectPeriod: 0,
      ...(protocol === '5'
        ? { protocolVersion: 5, properties: { sessionExpiryInterval: 3_600 } }
        : { protocolVersion: 4 }),
    });
    closeLater(() => client.endAsync(true));
    return client;
  };
  const subscribers = new Map<string, MqttClient>();
  const found = new Map<string, Promise<Told>>();
  return Promise.resolve({
    async subscribe(topic) {
      const client = await connect(`mqttjs-${topic.replaceAll('/', '-')}`);
      subscribers.set(topic, client);
      const first = new Promise<Told>((resolve) => {
        client.once('message', (_topic, payload, { properties = {} }) => {
          const { contentType, userProperties } = properties;
          resolve({
            body: String(payload),
            contentType,
            headers: { ...(userProperties as Readonly<Record<string, string>> | undefined) },
          });
        });
      });
      found.set(topic, first);
      await client.subscribeAsync(topic, { qos: 1 });
    },
    async send(topic, { body, contentType, headers }) {
      const client = await connect(`mqttjs-send-${topic.replaceAll('/', '-')}`);
      const properties = { contentType: contentType ?? '', userProperties: { ...headers } };
      await client.publishAsync(topic, body, {
        qos: 1,
        ...(protocol === '5' ? { properties } : {}),
      });
    },
    take: (topic) => found.get(topic) ?? Promise.reject(new Error('subscribe first')),
  });
};

const peers = { 'MQTT.js': mqttjs, mosquitto_pub: commands, paho } as const;
const names = Object.keys(peers) as (keyof typeof peers)[];

/** Bodies and headers are the same on both sides. */
export function interopTests(server: () => Server, protocol: MqttProtocol): void {
  const is5 = protocol === '5';

  test.each(names)('%s reads ours', { timeout: 120_000 }, async (name) => {
    const { options } = server();
    const transport = transportOf(options(protocol));
    const address = wholeChannel(freshAddress());
    const { topic } = placeOf(options().broker, address, undefined);
    const peer = await peers[name](server(), protocol);
    await peer.subscribe(topic);
    const sender = await transport.openSender(address, never);
    const sent = message('m-1', {
      channel: address.channel,
      headers: new Map([['tenant', 'żółć']]),
      key: 'k-1',
      contentType: 'application/json',
      publishedAt: 1_700_000_000_123,
      body: '{"n":"żółć"}',
    });
    expect(await send(sender, sent)).toEqual([{ ok: true }]);
    const { body, contentType, headers } = await peer.take(topic);
    const told: unknown = is5 ? { body, contentType, headers } : JSON.parse(body);
    const withProperties = {
      body: '{"n":"żółć"}',
      contentType: 'application/json',
      headers: { tenant: 'żółć', imid: 'm-1', imkey: 'k-1', imtime: '1700000000123' },
    };
    const enveloped = {
      specversion: '1.0',
      id: 'm-1',
      source: `urn:intermodal:${address.channel}`,
      type: address.channel,
      time: '2023-11-14T22:13:20.123Z',
      datacontenttype: 'application/json',
      partitionkey: 'k-1',
      imheaders: '{"tenant":"żółć"}',
      data: { n: 'żółć' },
    };
    expect(told).toEqual(is5 ? withProperties : enveloped);
  });

  test.each(names)('we read what %s sends', { timeout: 120_000 }, async (name) => {
    const { options } = server();
    const transport = transportOf(options(protocol));
    const address = freshAddress();
    await provision(transport, address);
    const peer = await peers[name](server(), protocol);
    const theirs = {
      body: '{"n":"żółć"}',
      contentType: 'application/json',
      headers: { tenant: 'żółć' },
    };
    await peer.send(placeOf(options().broker, wholeChannel(address), undefined).topic, theirs);
    const receiver = await openReceiver(transport, address);
    const found = await collect(receiver, 1);
    const [read] = found;
    expect(Buffer.from(read?.message.body as string).toString()).toBe('{"n":"żółć"}');
    expect(read?.message.headers).toEqual(new Map(is5 ? [['tenant', 'żółć']] : []));
    expect(read?.message.contentType).toBe(is5 ? 'application/json' : undefined);
    await settle(receiver, found, 'ack');
  });
}
