import { randomUUID } from 'node:crypto';
import {
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { sdkClient } from './clients.ts';
import { bodyOf, type Order } from './orders.ts';
import { type ConsumingOptions, type Handle, type PublishingOptions, queueUrlOf } from './work.ts';

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
    const QueueUrl = queueUrlOf(endpoint);
    return {
      send: (orders) =>
        Promise.all(
          orders.map((order) =>
            client.send(
              new SendMessageCommand({
                QueueUrl,
                MessageBody: bodyOf(order),
                MessageAttributes: keyOf(order),
              }),
            ),
          ),
        ),
      stop: () => closed(client),
    };
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
      const QueueUrl = queueUrlOf(endpoint);
      return {
        async send(orders) {
          const Entries = orders.map((order, index) => ({
            Id: String(index),
            MessageBody: bodyOf(order),
            MessageAttributes: attributesOf(order),
          }));
          const { Failed = [] } = await client.send(
            new SendMessageBatchCommand({ QueueUrl, Entries }),
          );
          if (Failed.length > 0) throw new Error(`${Failed.length} messages were not sent`);
        },
        stop: () => closed(client),
      };
    },
  };
}

/** Thirty-two loops of one message each. */
export const sdkConsume: ConsumingOptions = {
  name: 'SDK, one at a time',
  open: (endpoint, handle) =>
    loops(endpoint, 32, 1, async (client, QueueUrl, messages) => {
      for (const { Body, ReceiptHandle } of messages) {
        await handleBody(Body, handle);
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }),
};

/** Three loops of ten: receive, handle all, delete all. */
export const handConsume: ConsumingOptions = {
  name: 'batching loop by hand',
  open: (endpoint, handle) =>
    loops(endpoint, 3, 10, async (client, QueueUrl, messages) => {
      await Promise.all(messages.map(({ Body }) => handleBody(Body, handle)));
      const Entries = messages.map(({ ReceiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle,
      }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }),
};

function handleBody(body: string | undefined, handle: Handle): Promise<void> {
  return handle(JSON.parse(body ?? '') as Order);
}

function loops(
  endpoint: string,
  count: number,
  most: number,
  work: (client: SQSClient, queueUrl: string, messages: readonly Message[]) => Promise<void>,
): { stop(): Promise<void> } {
  const client = sdkClient(endpoint);
  const QueueUrl = queueUrlOf(endpoint);
  const stopping = new AbortController();

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const receive = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: most,
        WaitTimeSeconds: 20,
        MessageAttributeNames: ['All'],
      });
      const { Messages = [] } = await client.send(receive, { abortSignal: stopping.signal });
      if (Messages.length > 0) await work(client, QueueUrl, Messages);
    }
  }

  const running = Array.from({ length: count }, () =>
    loop().catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error;
    }),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await closed(client);
    },
  };
}

function closed(client: { destroy(): void }): Promise<void> {
  client.destroy();
  return Promise.resolve();
}
