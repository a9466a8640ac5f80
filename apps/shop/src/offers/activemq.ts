import { foundBroker } from './found-broker.ts';
import type { Offer } from './offer.ts';

export const activemqOffers = (): readonly Offer[] => [
  foundBroker({
    id: 'activemq',
    label: 'ActiveMQ, AMQP 1.0',
    product: 'ActiveMQ',
    name: 'activemq',
    variable: 'INTERMODAL_ACTIVEMQ_AMQP1_URL',
    usualUrl: 'amqp1://admin:admin@127.0.0.1:5672',
    code: {
      module: '@intermodal/amqp1',
      factory: 'amqp1Transport',
      options: "{ broker: 'activemq' }",
    },
    parameters: { broker: 'activemq' },
  }),
];
