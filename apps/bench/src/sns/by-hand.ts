import { randomUUID } from 'node:crypto';
import {
  type MessageAttributeValue,
  PublishBatchCommand,
  PublishCommand,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { bodyOf, type Order } from '../sqs/orders.ts';
import type { PublishingOptions } from '../sqs/work.ts';
import { sdkClient, topicArn } from './clients.ts';

type Attributes = Record<string, MessageAttributeValue>;

function keyOf(order: Order): Attributes {
  return { key: attribute(order.customer) };
}

/** What Intermodal sends along: id, key, time and type. */
function allOf(order: Order): Attributes {
  return {
    id: attribute(randomUUID()),
    key: attribute(order.customer),
    time: attribute(String(Date.now())),
    type: attribute('application/json'),
  };
}

function attribute(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value };
}

export const sdkPublish: PublishingOptions = {
  name: 'SDK, one at a time',
  callers: 32,
  perCall: 1,
  open(endpoint) {
    const client = sdkClient(endpoint);
    const publish = (order: Order): Promise<unknown> =>
      client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Message: bodyOf(order),
          MessageAttributes: keyOf(order),
        }),
      );
    return { send: (orders) => Promise.all(orders.map(publish)), stop: () => closed(client) };
  },
};

export const handPublish: PublishingOptions = handBatches('batching loop by hand', keyOf);

export const handPublishAll: PublishingOptions = handBatches(
  'the same with four attributes',
  allOf,
);

function handBatches(name: string, attributesOf: (order: Order) => Attributes): PublishingOptions {
  return {
    name,
    callers: 3,
    perCall: 10,
    open(endpoint) {
      const client = sdkClient(endpoint);
      return {
        async send(orders) {
          const PublishBatchRequestEntries = orders.map((order, index) => ({
            Id: String(index),
            Message: bodyOf(order),
            MessageAttributes: attributesOf(order),
          }));
          const { Failed = [] } = await client.send(
            new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries }),
          );
          if (Failed.length > 0) throw new Error(`${Failed.length} messages were not sent`);
        },
        stop: () => closed(client),
      };
    },
  };
}

function closed(client: SNSClient): Promise<void> {
  client.destroy();
  return Promise.resolve();
}
