import { randomUUID } from 'node:crypto';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { peerClient } from './clients.ts';
import { bodyOf, type Order } from './orders.ts';
import { peer } from './peers.ts';
import {
  type Consuming,
  type ConsumingOptions,
  type Handle,
  type PublishingOptions,
  queueUrlOf,
} from './work.ts';

interface ProducerModule {
  readonly Producer: {
    create(options: { readonly queueUrl: string; readonly sqs: SQSClient }): {
      send(messages: readonly object[]): Promise<unknown>;
    };
  };
}

interface PeerConsumer {
  start(): void;
  stop(options: { readonly abort: boolean }): void;
  on(event: 'error' | 'processing_error', listener: (error: Error) => void): void;
}

interface ConsumerModule {
  readonly Consumer: { create(options: object): PeerConsumer };
}

/** As its users publish one message: a request each. */
export const producerOne: PublishingOptions = {
  name: 'sqs-producer, one at a time',
  callers: 32,
  perCall: 1,
  open: openProducer,
};

/** As its users publish what they have as an array. */
export const producerTen: PublishingOptions = {
  name: 'sqs-producer, arrays of ten',
  callers: 3,
  perCall: 10,
  open: openProducer,
};

function openProducer(endpoint: string): {
  send(orders: readonly Order[]): Promise<unknown>;
  stop(): Promise<void>;
} {
  const sqs = peerClient(endpoint);
  const { Producer } = peer('sqs-producer') as ProducerModule;
  const producer = Producer.create({ queueUrl: queueUrlOf(endpoint), sqs });
  return {
    send: (orders) =>
      producer.send(
        orders.map((order) => ({
          id: randomUUID(),
          body: bodyOf(order),
          messageAttributes: { key: { DataType: 'String', StringValue: order.customer } },
        })),
      ),
    stop() {
      sqs.destroy();
      return Promise.resolve();
    },
  };
}

/** One instance, which handles ten at a time at most. */
export const consumerOne: ConsumingOptions = {
  name: 'sqs-consumer',
  open: (endpoint, handle) =>
    openConsumers(endpoint, 1, {
      async handleMessage(message: Message): Promise<Message> {
        await handleOne(message, handle);
        return message;
      },
    }),
};

/** Its batch handler in three instances: the nearest that it comes to 32 at a time. */
export const consumerBatches: ConsumingOptions = {
  name: 'sqs-consumer, batches, three instances',
  open: (endpoint, handle) =>
    openConsumers(endpoint, 3, {
      async handleMessageBatch(messages: readonly Message[]): Promise<readonly Message[]> {
        await Promise.all(messages.map((message) => handleOne(message, handle)));
        return messages;
      },
    }),
};

function handleOne({ Body = '' }: Message, handle: Handle): Promise<void> {
  return handle(JSON.parse(Body) as Order);
}

function openConsumers(endpoint: string, instances: number, handler: object): Consuming {
  const sqs = peerClient(endpoint);
  const { Consumer } = peer('sqs-consumer') as ConsumerModule;
  let stopping = false;
  const consumers = Array.from({ length: instances }, () => {
    const consumer = Consumer.create({
      queueUrl: queueUrlOf(endpoint),
      sqs,
      batchSize: 10,
      waitTimeSeconds: 20,
      messageAttributeNames: ['All'],
      ...handler,
    });
    const fail = (error: Error): void => {
      if (!stopping) throw error;
    };
    consumer.on('error', fail);
    consumer.on('processing_error', fail);
    consumer.start();
    return consumer;
  });
  return {
    stop() {
      stopping = true;
      for (const consumer of consumers) consumer.stop({ abort: true });
      return Promise.resolve();
    },
  };
}
