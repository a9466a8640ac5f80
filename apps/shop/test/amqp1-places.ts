import { startOwnBroker } from '@intermodal/brokers';
import type { Place } from './place.ts';

export const amqp1Places: readonly Place[] = [
  {
    name: 'ActiveMQ, AMQP 1.0',
    orders: 300,
    isOrdered: true,
    groups: 'many',
    async start() {
      const own = await startOwnBroker('activemq');
      const url = new URL(own.environment['INTERMODAL_ACTIVEMQ_AMQP1_URL'] ?? '');
      url.searchParams.set('broker', 'activemq');
      return { url: url.href, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
    },
  },
];
