import { openTransport } from '@intermodal/core';
import { expect, test } from 'vitest';
import { amqpFromUrl } from './index.ts';

const factories = { amqp: amqpFromUrl };

test.each([
  ['amqp:', { order: 'none', attempts: 'broker', priority: false }],
  ['amqp://user:password@a,b:5673/vhost?singleActiveConsumer', { order: 'key' }],
  ['amqps://a/?queueType=classic&maxPriority=9&topology=verify', { priority: true }],
  ['amqp://a?deliveryLimit=50&heartbeatSeconds=5&connectionName=shop', { attempts: 'broker' }],
])('%s', async (url, capabilities) => {
  const transport = await openTransport(url, factories);
  expect(transport.capabilities).toMatchObject(capabilities);
  await transport.close();
});

test.each([
  ['amqp://a/?queueType=stream', /queueType/],
  ['amqp://a/?topology=create', /topology/],
  ['amqp://a/?maxPriority=9', /classic/],
  ['amqp://a/?heartbeatSeconds=9999', /heartbeatSeconds/],
  ['amqp://a/?colour=red', /no use for the parameter 'colour'/],
])('%s is refused', async (url, text) => {
  await expect(openTransport(url, factories)).rejects.toThrow(text);
});
