import type { Order } from '../sqs/orders.ts';
import { peer } from './peers.ts';
import type { Place } from './place.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

type Listener = (...all: readonly never[]) => void;

interface Events {
  on(event: string, listener: Listener): this;
}

interface PeerBroker extends Events {
  publish(name: string, body: unknown): Promise<Events>;
  subscribe(name: string): Promise<Events & { cancel(): Promise<void> }>;
  shutdown(): Promise<void>;
}

interface Module {
  readonly BrokerAsPromised: { create(config: object): Promise<PeerBroker> };
  withDefaultConfig(config: object): object;
}

/** A channel has one message under way at a time: these are most of the hundred that it may open. */
const channels = 64;

async function open({ url, exchange, queue }: Place): Promise<PeerBroker> {
  const { BrokerAsPromised, withDefaultConfig } = peer('rascal') as Module;
  const config = withDefaultConfig({
    vhosts: {
      '/': {
        connection: { url },
        publicationChannelPools: {
          confirmPool: { autostart: true, min: channels, max: channels },
        },
        exchanges: { [exchange]: { assert: false, check: true } },
        queues: { [queue]: { assert: false, check: true } },
        publications: {
          orders: { exchange, routingKey: '', options: { persistent: true, mandatory: true } },
        },
        subscriptions: { orders: { queue, prefetch } },
      },
    },
  });
  const broker = await BrokerAsPromised.create(config);
  broker.on('error', fail);
  return broker;
}

function fail(error?: Error): never {
  throw error ?? new Error('rascal failed');
}

export const rascalPublish: PublishingOptions = {
  name: 'rascal',
  async open(place) {
    const broker = await open(place);
    return {
      async send(order) {
        const publication = await broker.publish('orders', order);
        await new Promise<void>((resolve, reject) => {
          publication.on('success', () => {
            resolve();
          });
          publication.on('error', reject as Listener);
          publication.on('return', () => {
            reject(new Error('no queue is bound there'));
          });
        });
      },
      stop: () => broker.shutdown(),
    };
  },
};

export const rascalConsume: ConsumingOptions = {
  name: 'rascal',
  async open(place) {
    const broker = await open(place);
    return {
      async consume(handle) {
        const subscription = await broker.subscribe('orders');
        subscription.on('error', fail);
        const onMessage = (_message: unknown, content: Order, ackOrNack: () => void): void => {
          void handle(content).then(() => {
            ackOrNack();
          });
        };
        subscription.on('message', onMessage);
        return () => subscription.cancel();
      },
      stop: () => broker.shutdown(),
    };
  },
};
