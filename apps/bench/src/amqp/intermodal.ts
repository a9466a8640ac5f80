import { channelAt, clientAt, group } from './place.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

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
