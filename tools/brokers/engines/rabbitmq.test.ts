import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { ownEngine } from './own-engine.ts';
import { rabbitmqCases } from './rabbitmq-cases.ts';
import { stompPeer } from './stomp-peer.ts';

describe('rabbitmq', () => {
  rabbitmqCases('rabbitmq', /^3\.10\./);
});

describe('rabbitmq-protocols', () => {
  const engine = ownEngine('rabbitmq-protocols');
  const url = (meaning: string): string =>
    engine.variable(`INTERMODAL_RABBITMQ_PROTOCOLS_${meaning}`);

  test('listens on loopback alone', async () => {
    expect(await engine.listeningOn()).not.toContain('00000000');
    expect(await engine.listeningOn()).not.toContain('0'.repeat(32));
  });

  test.each(['MQTT_URL', 'MQTT_WS_URL'])('%s', async (meaning) => {
    const address = url(meaning).replace('mqtt+', '');
    const client = await connectAsync(address, { reconnectPeriod: 0 });
    await client.subscribeAsync('orders', { qos: 1 });
    const arrived = new Promise((resolve) => {
      client.once('message', (_topic, payload) => resolve(payload.toString()));
    });
    await client.publishAsync('orders', meaning, { qos: 1 });
    expect(await arrived).toBe(meaning);
    await client.endAsync();
  });

  test('STOMP', async () => {
    using peer = await stompPeer(url('STOMP_URL'));
    peer.send('SUBSCRIBE', { id: '1', destination: '/queue/orders', ack: 'client-individual' });
    peer.send('SEND', { destination: '/queue/orders', persistent: 'true' }, 'by STOMP');
    expect(await peer.receive()).toMatchObject({ command: 'MESSAGE', body: 'by STOMP' });
  });

  test('its end leaves no process', async () => {
    expect(await engine.leftAfterStop()).toEqual([]);
  });
});
