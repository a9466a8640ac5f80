import type { SQSClient } from '@aws-sdk/client-sqs';
import { peerClient } from './clients.ts';
import type { Order } from './orders.ts';
import { peer } from './peers.ts';
import { type ConsumingOptions, type PublishingOptions, queueUrlOf } from './work.ts';

type Base<Instance> = new (...settings: readonly unknown[]) => Instance;

interface Publisher {
  init(): Promise<void>;
  publish(message: Order): Promise<void>;
  close(): Promise<void>;
}

interface Consumer {
  start(): Promise<void>;
  close(abort: boolean): Promise<void>;
}

interface SqsModule {
  readonly AbstractSqsPublisher: Base<Publisher>;
  readonly AbstractSqsConsumer: Base<Consumer>;
}

type Handler = (message: Order) => Promise<{ readonly result: 'success' }>;

interface CoreModule {
  readonly MessageHandlerConfigBuilder: new () => {
    addConfig(schema: unknown, handler: Handler): { build(): unknown };
  };
}

interface ZodModule {
  readonly z: {
    object(shape: Readonly<Record<string, unknown>>): unknown;
    string(): unknown;
    literal(value: string): unknown;
  };
}

function schema(): unknown {
  const { z } = peer('zod') as ZodModule;
  return z.object({
    id: z.string(),
    type: z.literal('order.placed'),
    customer: z.string(),
    timestamp: z.string(),
    note: z.string(),
  });
}

const quiet = (): void => undefined;

function dependencies(sqsClient: SQSClient): object {
  const logger = { level: 'silent', trace: quiet, debug: quiet, info: quiet, warn: quiet };
  return {
    sqsClient,
    logger: { ...logger, error: fail, fatal: fail },
    errorReporter: { report: fail },
    consumerErrorResolver: { processError: (error: unknown) => error },
    transactionObservabilityManager: { start: quiet, stop: quiet, startWithGroup: quiet },
  };
}

let stopping = false;

function fail(what: unknown): void {
  if (!stopping) throw new Error('message-queue-toolkit reported an error', { cause: what });
}

const byType = { messageTypeResolver: { messageTypePath: 'type' }, logMessages: false };

export const toolkitPublish: PublishingOptions = {
  name: '@message-queue-toolkit/sqs',
  callers: 32,
  perCall: 1,
  async open(endpoint) {
    const sqs = peerClient(endpoint);
    const { AbstractSqsPublisher } = peer('@message-queue-toolkit/sqs') as SqsModule;
    class OrderPublisher extends AbstractSqsPublisher {}
    const publisher = new OrderPublisher(dependencies(sqs), {
      ...byType,
      locatorConfig: { queueUrl: queueUrlOf(endpoint) },
      messageSchemas: [schema()],
    });
    await publisher.init();
    return {
      send: (orders) => Promise.all(orders.map((order) => publisher.publish(order))),
      stop: () => publisher.close(),
    };
  },
};

/** Three of its consumers of ten each. */
export const toolkitConsume: ConsumingOptions = {
  name: '@message-queue-toolkit/sqs',
  async open(endpoint, handle) {
    const sqs = peerClient(endpoint);
    const { AbstractSqsConsumer } = peer('@message-queue-toolkit/sqs') as SqsModule;
    const { MessageHandlerConfigBuilder } = peer('@message-queue-toolkit/core') as CoreModule;
    const handlers = new MessageHandlerConfigBuilder()
      .addConfig(schema(), async (order) => {
        await handle(order);
        return { result: 'success' };
      })
      .build();
    class OrderConsumer extends AbstractSqsConsumer {}
    const consumer = new OrderConsumer(
      dependencies(sqs),
      {
        ...byType,
        locatorConfig: { queueUrl: queueUrlOf(endpoint) },
        handlers,
        concurrentConsumersAmount: 3,
        consumerOverrides: { batchSize: 10, waitTimeSeconds: 20 },
      },
      {},
    );
    await consumer.start();
    return {
      stop() {
        stopping = true;
        return consumer.close(true);
      },
    };
  },
};
