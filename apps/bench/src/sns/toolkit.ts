import type { Order } from '../sqs/orders.ts';
import type { PublishingOptions } from '../sqs/work.ts';
import { peerClient, topicArn } from './clients.ts';
import { peer } from './peers.ts';

interface Publisher {
  init(): Promise<void>;
  publish(message: Order): Promise<void>;
  close(): Promise<void>;
}

interface SnsModule {
  readonly AbstractSnsPublisher: new (...settings: readonly unknown[]) => Publisher;
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

function fail(what: unknown): void {
  throw new Error('message-queue-toolkit reported an error', { cause: what });
}

export const toolkitPublish: PublishingOptions = {
  name: '@message-queue-toolkit/sns',
  callers: 32,
  perCall: 1,
  async open(endpoint) {
    const snsClient = peerClient(endpoint);
    const logger = { level: 'silent', trace: quiet, debug: quiet, info: quiet, warn: quiet };
    const dependencies = {
      snsClient,
      stsClient: {},
      logger: { ...logger, error: fail, fatal: fail },
      errorReporter: { report: fail },
    };
    const { AbstractSnsPublisher } = peer('@message-queue-toolkit/sns') as SnsModule;
    class OrderPublisher extends AbstractSnsPublisher {}
    const publisher = new OrderPublisher(dependencies, {
      messageTypeResolver: { messageTypePath: 'type' },
      logMessages: false,
      locatorConfig: { topicArn },
      messageSchemas: [schema()],
    });
    await publisher.init();
    return {
      send: (orders) => Promise.all(orders.map((order) => publisher.publish(order))),
      async stop() {
        await publisher.close();
        snsClient.destroy();
      },
    };
  },
};
