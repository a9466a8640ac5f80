import { openTransport } from '@intermodal/core';
import { expect, test } from 'vitest';
import { mqttFromUrl } from './index.ts';

const factories = { mqtt: mqttFromUrl };

test.each([
  ['mqtt:?broker=mosquitto&protocol=5', { order: 'key', ttl: true, headers: 'native' }],
  ['mqtts://user:password@a,b:8884?broker=activemq&protocol=3.1.1', { headers: 'envelope' }],
  ['mqtt+ws://a/mqtt?broker=rabbitmq&protocol=3.1.1&keepAliveMs=4000', { durable: true }],
  ['mqtt+wss://a?broker=mosquitto&protocol=5&member=a', { order: 'none', durable: false }],
  ['mqtt://a?broker=hivemq&protocol=3.1.1&envelope=none&retain', { duplicates: 'possible' }],
])('%s', async (url, capabilities) => {
  const transport = await openTransport(url, factories);
  expect(transport.capabilities).toMatchObject(capabilities);
  await transport.close();
});

test.each([
  ['mqtt://a?protocol=5', /broker/],
  ['mqtt://a?broker=mosquitto', /protocol/],
  ['mqtt://a?broker=rabbit&protocol=5', /broker/],
  ['mqtt://a?broker=activemq&protocol=5', /'activemq' knows 3.1.1/],
  ['mqtt://a?broker=activemq&protocol=3.1.1&member=a', /without delivering anything/],
  ['mqtt://a?broker=mosquitto&protocol=5&member=a.b', /member is 'a.b'/],
  ['mqtt://a?broker=mosquitto&protocol=5&envelope=none', /MQTT 5 has headers/],
  ['mqtt://a?broker=mosquitto&protocol=3.1.1&sessionExpiryMs=5000', /sessionExpiryMs/],
  ['mqtt://a?broker=mosquitto&protocol=5&keepAliveMs=5', /keepAliveMs/],
  ['mqtt://a?broker=mosquitto&protocol=5&clientIdPrefix=%2F', /clientIdPrefix/],
  ['mqtt://a/orders?broker=mosquitto&protocol=5', /path/],
  ['mqtt://a?broker=mosquitto&protocol=5&colour=red', /no use for the parameter 'colour'/],
])('%s is refused', async (url, text) => {
  await expect(openTransport(url, factories)).rejects.toThrow(text);
});
