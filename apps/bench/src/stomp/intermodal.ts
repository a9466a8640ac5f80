import { channel, type Client, createClient } from '@intermodal/core';
import { stompTransport } from '@intermodal/stomp';
import type { Order } from '../sqs/orders.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

const orders = channel<Order>('bench');

function clientAt(port: number): Client {
  const hosts = [{ host: '127.0.0.1', port }];
  return createClient({ transport: stompTransport({ broker: 'activemq', hosts }) });
}

export const intermodalPublish: PublishingOptions = {
  name: 'Intermodal',
  open(port) {
    const client = clientAt(port);
    return Promise.resolve({
      send: (order) => client.publish(orders, order, { key: order.customer }),
      stop: () => client.close(),
    });
  },
};

export const intermodalConsume: ConsumingOptions = {
  name: 'Intermodal',
  async open(port, handle) {
    const client = clientAt(port);
    await client.consume(
      orders,
      { group: 'bench', prefetch, concurrency: prefetch },
      async ({ body }) => handle(body),
    );
    return { stop: () => client.close() };
  },
};
