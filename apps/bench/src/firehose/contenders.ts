import { randomUUID } from 'node:crypto';
import { FirehoseClient, PutRecordBatchCommand, PutRecordCommand } from '@aws-sdk/client-firehose';
import { channel, createClient } from '@intermodal/core';
import { firehoseTransport } from '@intermodal/firehose';
import { bodyOf, type Order } from '../sqs/orders.ts';
import type { PublishingOptions } from '../sqs/work.ts';

const DeliveryStreamName = 'bench';

const place = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
} as const;

/** The SDK as it comes, with sockets for all that is under way. */
function sdkClient(endpoint: string): FirehoseClient {
  return new FirehoseClient({
    ...place,
    endpoint,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 200 } },
  });
}

function bodyLine(order: Order): Uint8Array {
  return Buffer.from(`${bodyOf(order)}\n`);
}

/** What Intermodal writes: id, key, time and type around the body. */
function eventLine(order: Order): Uint8Array {
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/bench',
    type: 'bench',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    partitionkey: order.customer,
    data: order,
  };
  return Buffer.from(`${JSON.stringify(event)}\n`);
}

export const sdkPublish: PublishingOptions = {
  name: 'SDK, PutRecord',
  callers: 100,
  perCall: 1,
  open(endpoint) {
    const client = sdkClient(endpoint);
    return {
      send: (orders) =>
        Promise.all(
          orders.map((order) =>
            client.send(
              new PutRecordCommand({ DeliveryStreamName, Record: { Data: bodyLine(order) } }),
            ),
          ),
        ),
      stop: () => closed(client),
    };
  },
};

export const handPublish: PublishingOptions = handBatches('PutRecordBatch by hand', bodyLine);

export const handPublishAll: PublishingOptions = handBatches('the same as CloudEvents', eventLine);

/** Two of five hundred under way; what failed would be sent again by itself, which here is never. */
function handBatches(name: string, lineOf: (order: Order) => Uint8Array): PublishingOptions {
  return {
    name,
    callers: 2,
    perCall: 500,
    open(endpoint) {
      const client = sdkClient(endpoint);
      return {
        async send(orders) {
          const Records = orders.map((order) => ({ Data: lineOf(order) }));
          const command = new PutRecordBatchCommand({ DeliveryStreamName, Records });
          const { FailedPutCount = 0 } = await client.send(command);
          if (FailedPutCount > 0) throw new Error(`${FailedPutCount} records were not taken`);
        },
        stop: () => closed(client),
      };
    },
  };
}

const orders = channel<Order>(DeliveryStreamName);

export const intermodalPublish: PublishingOptions = {
  name: 'Intermodal',
  callers: 1_000,
  perCall: 1,
  open(endpoint) {
    const client = createClient({ transport: firehoseTransport({ ...place, endpoint }) });
    return {
      send: (batch) =>
        Promise.all(batch.map((order) => client.publish(orders, order, { key: order.customer }))),
      stop: () => client.close(),
    };
  },
};

function closed(client: { destroy(): void }): Promise<void> {
  client.destroy();
  return Promise.resolve();
}
