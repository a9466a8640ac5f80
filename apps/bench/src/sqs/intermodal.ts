import { channel, type Client, createClient } from '@intermodal/core';
import { sqsTransport } from '@intermodal/sqs';
import type { Order } from './orders.ts';
import type { ConsumingOptions, PublishingOptions } from './work.ts';

const orders = channel<Order>('bench');

function open(endpoint: string): Client {
  return createClient({
    transport: sqsTransport({
      endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    }),
  });
}

export const intermodalPublish: PublishingOptions = {
  name: 'Intermodal',
  callers: 32,
  perCall: 1,
  open(endpoint) {
    const client = open(endpoint);
    return {
      send: (batch) =>
        Promise.all(batch.map((order) => client.publish(orders, order, { key: order.customer }))),
      stop: () => client.close(),
    };
  },
};

export const intermodalConsume: ConsumingOptions = {
  name: 'Intermodal',
  async open(endpoint, handle) {
    const client = open(endpoint);
    await client.consume(orders, { group: 'bench', concurrency: 32 }, ({ body }) => handle(body));
    return { stop: () => client.close({ deadlineMs: 0 }) };
  },
};
