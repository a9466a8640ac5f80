import { throughputBeside } from '../aims.ts';
import { rabbitmqPlaces } from '../amqp/place.ts';
import { consuming, prefetch, publishing, unconfirmed } from '../amqp/work.ts';
import { rheaConsume, rheaPublish } from '../amqp1/by-hand.ts';
import { intermodalConsume, intermodalPublish } from '../amqp1/intermodal.ts';
import type { Bench } from '../bench.ts';

function benchesOn(queueType: 'quorum' | 'classic'): readonly Bench[] {
  const shared = {
    ...rabbitmqPlaces('rabbitmq4', queueType),
    // Of a second or less the compiler takes the half.
    messages: 200_000,
    warmUp: 10_000,
    aims: [throughputBeside(rheaPublish.name, 0.9, intermodalPublish.name)],
  };
  return [
    {
      ...shared,
      name: `amqp1-publish-${queueType}`,
      title: `200 bytes, durable, accepted, ${unconfirmed} under way; RabbitMQ 4, ${queueType} queue`,
      contenders: [rheaPublish, intermodalPublish].map(publishing),
    },
    {
      ...shared,
      name: `amqp1-consume-${queueType}`,
      title: `consume and accept the same, ${prefetch} of credit, handler that does nothing; RabbitMQ 4, ${queueType} queue`,
      contenders: [rheaConsume, intermodalConsume].map(consuming),
    },
  ];
}

export const benches: readonly Bench[] = [...benchesOn('quorum'), ...benchesOn('classic')];
