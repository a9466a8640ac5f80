import { parseTransportUrl, type Transport } from '@intermodal/core';
import { stompTransport } from '@intermodal/stomp';
import { foundBroker } from './found-broker.ts';
import type { Offer } from './offer.ts';

const activemq = { product: 'ActiveMQ', name: 'activemq' };

export const activemqOffers = (): readonly Offer[] => [
  foundBroker({
    ...activemq,
    id: 'activemq',
    label: 'ActiveMQ, AMQP 1.0',
    variable: 'INTERMODAL_ACTIVEMQ_AMQP1_URL',
    usualUrl: 'amqp1://admin:admin@127.0.0.1:5672',
    code: {
      module: '@intermodal/amqp1',
      factory: 'amqp1Transport',
      options: "{ broker: 'activemq' }",
    },
    parameters: { broker: 'activemq' },
  }),
  foundBroker({
    ...activemq,
    id: 'activemq-stomp',
    label: 'ActiveMQ, STOMP',
    variable: 'INTERMODAL_ACTIVEMQ_STOMP_URL',
    usualUrl: 'stomp://admin:admin@127.0.0.1:61613',
    code: {
      module: '@intermodal/stomp',
      factory: 'stompTransport',
      options: "{ broker: 'activemq' }",
    },
    open: (url) => Promise.resolve(byStomp(url)),
  }),
];

/** The queues of the other offer would be the same ones, so these have names of their own. */
function byStomp(url: string): Transport {
  const { hosts, credentials, tls } = parseTransportUrl(url);
  return stompTransport({
    broker: 'activemq',
    hosts,
    tls,
    ...(credentials && {
      credentials: { username: credentials.username, password: credentials.password ?? '' },
    }),
    naming: ({ channel, group, role }) => {
      const topic = `VirtualTopic.stomp-${channel}`;
      if (group === undefined) return topic;
      return [...(role === 'main' ? [] : ['DLQ']), 'Consumer', group, topic].join('.');
    },
  });
}
