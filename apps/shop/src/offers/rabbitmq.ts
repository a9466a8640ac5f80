import { amqpTransport } from '@intermodal/amqp';
import { parseTransportUrl, type Transport } from '@intermodal/core';
import { foundBroker } from './found-broker.ts';
import type { Offer } from './offer.ts';

const rabbitmq = {
  product: 'RabbitMQ',
  name: 'rabbitmq',
  variable: 'INTERMODAL_RABBITMQ_URL',
  usualUrl: 'amqp://guest:guest@127.0.0.1:5672',
};

export const rabbitmqOffers = (): readonly Offer[] => [
  foundBroker({
    ...rabbitmq,
    id: 'rabbitmq',
    label: 'RabbitMQ, AMQP 0-9-1',
    code: {
      module: '@intermodal/amqp',
      factory: 'amqpTransport',
      options: "{ hosts: [{ host: 'mq.example.com' }] }",
    },
  }),
  foundBroker({
    ...rabbitmq,
    id: 'rabbitmq-single',
    label: 'RabbitMQ, single active consumer',
    code: {
      module: '@intermodal/amqp',
      factory: 'amqpTransport',
      options: '{ singleActiveConsumer: true }',
    },
    open: (url) => Promise.resolve(singleActive(url)),
  }),
];

/** Its queues differ in kind from those of the other offer, so they need names of their own. */
function singleActive(url: string): Transport {
  const { hosts, credentials, path, tls } = parseTransportUrl(url);
  return amqpTransport({
    hosts,
    vhost: path,
    tls,
    ...(credentials && {
      credentials: { username: credentials.username, password: credentials.password ?? '' },
    }),
    singleActiveConsumer: true,
    naming: ({ channel, group, role }) =>
      [channel, group, 'single', ...(role === 'main' ? [] : ['dlq'])].filter(Boolean).join('.'),
  });
}
