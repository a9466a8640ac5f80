import { randomUUID } from 'node:crypto';
import type { ConsumeMessage } from 'amqplib';
import type { Order } from '../sqs/orders.ts';
import { peer } from './peers.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

interface PeerChannel {
  waitForConnect(): Promise<void>;
  publish(exchange: string, key: string, body: unknown, options: object): Promise<boolean>;
  consume(
    queue: string,
    onMessage: (message: ConsumeMessage) => void,
    options: object,
  ): Promise<unknown>;
  ack(message: ConsumeMessage): void;
  on(event: 'error', listener: (error: Error) => void): void;
  close(): Promise<void>;
}

interface PeerConnection {
  createChannel(options: object): PeerChannel;
  close(): Promise<void>;
}

interface Module {
  connect(urls: readonly string[]): PeerConnection;
}

function open(url: string): PeerConnection {
  return (peer('amqp-connection-manager') as Module).connect([url]);
}

async function channelOf(connection: PeerConnection): Promise<PeerChannel> {
  const channel = connection.createChannel({ json: true });
  channel.on('error', (error) => {
    throw error;
  });
  await channel.waitForConnect();
  return channel;
}

export const connectionManagerPublish: PublishingOptions = {
  name: 'amqp-connection-manager',
  async open({ url, exchange }) {
    const connection = open(url);
    const channel = await channelOf(connection);
    return {
      send: (order) =>
        channel.publish(exchange, '', order, {
          persistent: true,
          mandatory: true,
          contentType: 'application/json',
          messageId: randomUUID(),
        }),
      async stop() {
        await channel.close();
        await connection.close();
      },
    };
  },
};

export const connectionManagerConsume: ConsumingOptions = {
  name: 'amqp-connection-manager',
  open({ url, queue }) {
    const connection = open(url);
    return Promise.resolve({
      async consume(handle) {
        const channel = await channelOf(connection);
        const onMessage = (message: ConsumeMessage): void => {
          void handle(JSON.parse(message.content.toString()) as Order).then(() => {
            channel.ack(message);
          });
        };
        await channel.consume(queue, onMessage, { prefetch });
        return () => channel.close();
      },
      stop: () => connection.close(),
    });
  },
};
