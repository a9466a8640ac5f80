import { randomUUID } from 'node:crypto';
import type { Order } from '../sqs/orders.ts';
import { peer } from './peers.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

interface PeerPublisher {
  send(envelope: object, body: unknown): Promise<void>;
  close(): Promise<void>;
}

interface PeerConsumer {
  on(event: 'error' | 'ready', listener: (error?: Error) => void): void;
  close(): Promise<void>;
}

interface PeerConnection {
  createPublisher(options: object): PeerPublisher;
  createConsumer(
    options: object,
    handle: (message: { readonly body: Order }) => Promise<void>,
  ): PeerConsumer;
  onConnect(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): void;
  close(): Promise<void>;
}

interface Module {
  readonly Connection: new (url: string) => PeerConnection;
}

async function open(url: string): Promise<PeerConnection> {
  const { Connection } = peer('rabbitmq-client') as Module;
  const connection = new Connection(url);
  connection.on('error', (error) => {
    throw error;
  });
  await connection.onConnect();
  return connection;
}

export const rabbitmqClientPublish: PublishingOptions = {
  name: 'rabbitmq-client',
  async open({ url, exchange }) {
    const connection = await open(url);
    const publisher = connection.createPublisher({ confirm: true, maxAttempts: 1 });
    return {
      send: (order) =>
        publisher.send(
          { exchange, routingKey: '', durable: true, mandatory: true, messageId: randomUUID() },
          order,
        ),
      async stop() {
        await publisher.close();
        await connection.close();
      },
    };
  },
};

export const rabbitmqClientConsume: ConsumingOptions = {
  name: 'rabbitmq-client',
  async open({ url, queue }) {
    const connection = await open(url);
    return {
      consume(handle) {
        const consumer = connection.createConsumer(
          { queue, queueOptions: { passive: true }, qos: { prefetchCount: prefetch } },
          ({ body }) => handle(body),
        );
        consumer.on('error', (error) => {
          throw error ?? new Error('rabbitmq-client failed');
        });
        return Promise.resolve(() => consumer.close());
      },
      stop: () => connection.close(),
    };
  },
};
