import { barePublish, handConsume, handPublish } from '../amqp/by-hand.ts';
import { connectionManagerConsume, connectionManagerPublish } from '../amqp/connection-manager.ts';
import { intermodalConsume, intermodalPublish } from '../amqp/intermodal.ts';
import { preparePeers } from '../amqp/peers.ts';
import { rabbitmqPlaces } from '../amqp/place.ts';
import { rabbitmqClientConsume, rabbitmqClientPublish } from '../amqp/rabbitmq-client.ts';
import { rascalConsume, rascalPublish } from '../amqp/rascal.ts';
import { stalled, stalledAims } from '../amqp/stalled.ts';
import { consuming, prefetch, publishing, unconfirmed } from '../amqp/work.ts';
import { cpuBeside, throughputBeside } from '../aims.ts';
import type { Bench } from '../bench.ts';

const wrappers = [rabbitmqClientPublish, connectionManagerPublish, rascalPublish].map(
  ({ name }) => name,
);

function benchesOn(queueType: 'quorum' | 'classic'): readonly Bench[] {
  const { prepare, ...places } = rabbitmqPlaces('rabbitmq', queueType);
  const shared = {
    ...places,
    async prepare(): Promise<void> {
      await preparePeers();
      await prepare();
    },
    messages: 30_000,
    warmUp: 10_000,
    aims: [
      throughputBeside(handPublish.name, 0.9, 'Intermodal'),
      ...wrappers.map((name) => cpuBeside(name, 1, 'Intermodal')),
    ],
  };
  return [
    {
      ...shared,
      name: `amqp-publish-${queueType}`,
      title: `200 bytes, persistent, confirmed, ${unconfirmed} under way; RabbitMQ, ${queueType} queue`,
      contenders: [
        handPublish,
        barePublish,
        intermodalPublish,
        rabbitmqClientPublish,
        connectionManagerPublish,
        rascalPublish,
      ].map(publishing),
    },
    {
      ...shared,
      name: `amqp-consume-${queueType}`,
      title: `consume and ack the same, prefetch ${prefetch}, handler that does nothing; RabbitMQ, ${queueType} queue`,
      contenders: [
        handConsume,
        intermodalConsume,
        rabbitmqClientConsume,
        connectionManagerConsume,
        rascalConsume,
      ].map(consuming),
    },
  ];
}

export const benches: readonly Bench[] = [
  ...benchesOn('quorum'),
  ...benchesOn('classic'),
  {
    name: 'amqp-stalled',
    title: 'publishes in 1,000 loops, publishTimeoutMs 200, to a RabbitMQ that takes nothing',
    messages: 200_000,
    warmUp: 0,
    rounds: 1,
    contenders: stalled,
    aims: stalledAims,
  },
];
