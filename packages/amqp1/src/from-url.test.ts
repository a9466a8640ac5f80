import { openTransport } from '@intermodal/core';
import { expect, test } from 'vitest';
import { amqp1FromUrl } from './index.ts';

const factories = { amqp1: amqp1FromUrl };

test.each([
  ['amqp1:?broker=rabbitmq', { order: 'none', attempts: 'broker', delay: false }],
  ['amqp1://user:password@a,b:5673/vhost?broker=rabbitmq3&singleActiveConsumer', { order: 'key' }],
  ['amqp1+tls://a,b/?broker=activemq&idleTimeoutMs=4000', { order: 'key', delay: true }],
  ['amqp1://a?broker=rabbitmq&queueType=classic&connectionName=shop', { attempts: 'local' }],
])('%s', async (url, capabilities) => {
  const transport = await openTransport(url, factories);
  expect(transport.capabilities).toMatchObject(capabilities);
  await transport.close();
});

test.each([
  ['amqp1://a', /broker/],
  ['amqp1://a?broker=artemis', /broker/],
  ['amqp1://a?broker=activemq&queueType=quorum', /queueType means nothing to 'activemq'/],
  ['amqp1://a/orders?broker=activemq', /vhost means nothing/],
  ['amqp1://a?broker=rabbitmq3&deliveryLimit=5', /deliveryLimit/],
  ['amqp1://a?broker=rabbitmq&idleTimeoutMs=5', /idleTimeoutMs/],
  ['amqp1://a?broker=rabbitmq&colour=red', /no use for the parameter 'colour'/],
])('%s is refused', async (url, text) => {
  await expect(openTransport(url, factories)).rejects.toThrow(text);
});
