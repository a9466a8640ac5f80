import { openTransport } from '@intermodal/core';
import { expect, test } from 'vitest';
import { stompFromUrl } from './index.ts';

const factories = { stomp: stompFromUrl };

test.each([
  ['stomp:?broker=activemq', { order: 'key', retry: 'delayed', delay: true, priority: false }],
  ['stomp+ssl://user:password@a,b:5673?broker=activemq&scheduler=false', { retry: 'local' }],
  ['stomp+ws://a/stomp?broker=activemq&prioritizedMessages', { priority: true }],
  ['stomp+wss://a?broker=rabbitmq&vhost=other&queueType=classic', { attempts: 'local' }],
  ['stomp://a/vhost?broker=rabbitmq&singleActiveConsumer', { order: 'key', attempts: 'broker' }],
])('%s', async (url, capabilities) => {
  const transport = await openTransport(url, factories);
  expect(transport.capabilities).toMatchObject(capabilities);
  await transport.close();
});

test.each([
  ['stomp://a', /broker/],
  ['stomp://a?broker=artemis', /broker/],
  ['stomp://a?broker=activemq&queueType=quorum', /queueType means nothing to 'activemq'/],
  ['stomp://a?broker=rabbitmq&scheduler', /scheduler means nothing to 'rabbitmq'/],
  ['stomp://a/other?broker=activemq', /vhost means nothing/],
  ['stomp://a/other?broker=rabbitmq&vhost=one', /twice/],
  ['stomp://a?broker=activemq&idleTimeoutMs=5', /idleTimeoutMs/],
  ['stomp://a?broker=activemq&colour=red', /no use for the parameter 'colour'/],
])('%s is refused', async (url, text) => {
  await expect(openTransport(url, factories)).rejects.toThrow(text);
});
