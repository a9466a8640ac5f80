import { startOwnBroker } from '@intermodal/brokers';
import type { Place } from './place.ts';

function place(
  name: string,
  isOrdered: boolean,
  parameters: Readonly<Record<string, string>>,
): Place {
  return {
    name,
    orders: 300,
    isOrdered,
    groups: 'many',
    async start() {
      const own = await startOwnBroker('rabbitmq');
      const url = new URL(own.environment['INTERMODAL_RABBITMQ_URL'] ?? '');
      url.search = new URLSearchParams(parameters).toString();
      return { url: url.href, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
    },
  };
}

export const amqpPlaces: readonly Place[] = [
  place('RabbitMQ, quorum queues', false, {}),
  place('RabbitMQ, single active consumer', true, {
    singleActiveConsumer: 'true',
  }),
];
