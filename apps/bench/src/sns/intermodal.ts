import { channel, createClient } from '@intermodal/core';
import { snsTransport } from '@intermodal/sns';
import type { Order } from '../sqs/orders.ts';
import type { PublishingOptions } from '../sqs/work.ts';
import { topicArn } from './clients.ts';

const orders = channel<Order>('bench');

export const intermodalPublish: PublishingOptions = {
  name: 'Intermodal',
  callers: 32,
  perCall: 1,
  open(endpoint) {
    const client = createClient({
      transport: snsTransport({
        endpoint,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
        topics: { bench: topicArn },
      }),
    });
    return {
      send: (batch) =>
        Promise.all(batch.map((order) => client.publish(orders, order, { key: order.customer }))),
      stop: () => client.close(),
    };
  },
};
