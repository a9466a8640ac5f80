import { connect, connectAsync, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { startOwnBroker } from '../src/index.ts';
import { ownRunFolder } from './run-folder.ts';

ownRunFolder();

async function next(client: MqttClient): Promise<string> {
  return new Promise((resolve) => {
    client.once('message', (_topic, payload) => resolve(payload.toString()));
  });
}

const session = {
  clientId: 'absent',
  clean: false,
  protocolVersion: 4,
  reconnectPeriod: 0,
} as const;

test('aedes keeps a session, and nothing of it through a kill', async () => {
  await using broker = await startOwnBroker('aedes');
  const url = broker.environment['INTERMODAL_AEDES_URL'] ?? '';
  expect(new URL(url).hostname).toBe('127.0.0.1');
  const subscriber = await connectAsync(url, session);
  await subscriber.subscribeAsync('orders', { qos: 1 });
  await subscriber.endAsync();
  const publisher = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  await publisher.publishAsync('orders', 'kept', { qos: 1 });
  await publisher.endAsync();
  // The message comes along with the answer to CONNECT: whoever asks for it afterwards is late.
  const again = connect(url, session);
  expect(await next(again)).toBe('kept');
  await again.endAsync();

  await broker.kill();
  await broker.restart();
  const fresh = connect(url, session);
  const isPresent = new Promise((resolve) => {
    fresh.once('connect', ({ sessionPresent }) => resolve(sessionPresent));
  });
  expect(await isPresent).toBe(false);
  await fresh.endAsync();
});

test('MQTT 5 is refused there', async () => {
  await using broker = await startOwnBroker('aedes');
  const url = broker.environment['INTERMODAL_AEDES_URL'] ?? '';
  const connecting = connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  await expect(connecting).rejects.toThrow('Unacceptable protocol version');
});
