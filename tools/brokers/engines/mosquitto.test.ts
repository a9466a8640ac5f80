import { readFile } from 'node:fs/promises';
import { connect, connectAsync, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { tlsFilesOf } from '../src/index.ts';
import { ownEngine } from './own-engine.ts';

const loopback = '0100007F';
const engine = ownEngine('mosquitto');
const url = (meaning: string): string => engine.variable(`INTERMODAL_MOSQUITTO_${meaning}`);

async function next(client: MqttClient): Promise<string> {
  return new Promise((resolve) => {
    client.once('message', (_topic, payload) => resolve(payload.toString()));
  });
}

test('listens on loopback alone', async () => {
  expect(await engine.listeningOn()).toEqual([loopback]);
});

test('a message for an absent session survives a kill', async () => {
  const session = { clientId: 'absent', clean: false, reconnectPeriod: 0 };
  const subscriber = await connectAsync(url('URL'), session);
  await subscriber.subscribeAsync('orders', { qos: 1 });
  await subscriber.endAsync();
  const publisher = await connectAsync(url('URL'), { reconnectPeriod: 0 });
  await publisher.publishAsync('orders', 'kept', { qos: 1 });
  // It saves after it has answered; the answer to the next tells that it has.
  await publisher.publishAsync('elsewhere', '', { qos: 1 });
  await publisher.publishAsync('elsewhere', '', { qos: 1 });
  const closed = new Promise((resolve) => publisher.once('close', () => resolve(undefined)));
  publisher.on('error', () => {});
  await engine.broker.kill();
  await closed;
  await engine.broker.restart();
  // The message comes along with the answer to CONNECT: whoever asks for it afterwards is late.
  const again = connect(url('URL'), session);
  expect(await next(again)).toBe('kept');
  await again.endAsync();
});

test.each([
  ['URL', 4],
  ['URL', 5],
  ['TLS_URL', 5],
  ['WS_URL', 5],
  ['WSS_URL', 5],
] as const)('%s, protocol %i', async (meaning, protocolVersion) => {
  const ca = await readFile(tlsFilesOf('mosquitto', engine.environment).ca);
  const address = url(meaning).replace('mqtt+', '');
  const client = await connectAsync(address, { ca, protocolVersion });
  await client.subscribeAsync('$share/billing/orders', { qos: 1 });
  const arrived = next(client);
  await client.publishAsync('orders', meaning, { qos: 1 });
  expect(await arrived).toBe(meaning);
  await client.endAsync();
});

test('a wrong password is refused', async () => {
  const wrong = url('URL').replace(':mosquitto@', ':wrong@');
  await expect(connectAsync(wrong, { reconnectPeriod: 0 })).rejects.toThrow('Not authorized');
});

test('a restricted user may use what it may use', async () => {
  const client = await connectAsync(url('RESTRICTED_URL'), { protocolVersion: 5 });
  await client.publishAsync('allowed/topic', '', { qos: 1 });
  await expect(client.publishAsync('forbidden', '', { qos: 1 })).rejects.toThrow('Not authorized');
  await client.endAsync();
});

test('its end leaves no process', async () => {
  expect(await engine.leftAfterStop()).toEqual([]);
});
