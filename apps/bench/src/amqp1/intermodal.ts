import { amqp1Transport } from '@intermodal/amqp1';
import { type Client, createClient } from '@intermodal/core';
import { channelAt, group, type Place } from '../amqp/place.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from '../amqp/work.ts';

function clientAt({ url, queueType }: Place): Client {
  const { hostname, port, username, password } = new URL(url);
  return createClient({
    transport: amqp1Transport({
      broker: 'rabbitmq',
      hosts: [{ host: hostname, port: Number(port) }],
      credentials: { username, password },
      queueType,
    }),
  });
}

export const intermodalPublish: PublishingOptions = {
  name: 'Intermodal',
  open(place) {
    const client = clientAt(place);
    const orders = channelAt(place);
    return Promise.resolve({
      send: (order) => client.publish(orders, order),
      stop: () => client.close(),
    });
  },
};

export const intermodalConsume: ConsumingOptions = {
  name: 'Intermodal',
  open(place) {
    const client = clientAt(place);
    const orders = channelAt(place);
    return Promise.resolve({
      async consume(handle) {
        const consumer = await client.consume(
          orders,
          { group, prefetch, concurrency: prefetch },
          ({ body }) => handle(body),
        );
        return async () => {
          await consumer.stop();
        };
      },
      stop: () => client.close(),
    });
  },
};
