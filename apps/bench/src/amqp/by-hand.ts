import { randomUUID } from 'node:crypto';
import { type Channel, connect, type ConsumeMessage, type Options } from 'amqplib';
import { bodyOf, type Order } from '../sqs/orders.ts';
import type { Place } from './place.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

/** As somebody writes it who wants the same: an id, unroutable messages found, a confirm for each. */
export const handPublish: PublishingOptions = {
  name: 'amqplib by hand',
  async open({ url, exchange }) {
    const connection = await connect(url, { noDelay: true });
    const channel = await connection.createConfirmChannel();
    const returned = new Set<string>();
    channel.on('return', ({ properties }: { properties: { messageId: string } }) => {
      returned.add(properties.messageId);
    });
    return {
      send(order) {
        const messageId = randomUUID();
        const options: Options.Publish = {
          persistent: true,
          mandatory: true,
          messageId,
          contentType: 'application/json',
          timestamp: Math.floor(Date.now() / 1_000),
        };
        return new Promise<void>((resolve, reject) => {
          channel.publish(
            exchange,
            '',
            Buffer.from(bodyOf(order)),
            options,
            (error: Error | null) => {
              if (error instanceof Error) reject(error);
              else if (returned.delete(messageId)) reject(new Error('no queue is bound there'));
              else resolve();
            },
          );
        });
      },
      stop: () => connection.close(),
    };
  },
};

/** The least that a confirmed publish can be: no id, nothing found of what no queue takes. */
export const barePublish: PublishingOptions = {
  name: 'amqplib, nothing but confirms',
  async open({ url, exchange }) {
    const connection = await connect(url, { noDelay: true });
    const channel = await connection.createConfirmChannel();
    const options: Options.Publish = { persistent: true };
    return {
      send: (order) =>
        new Promise<void>((resolve, reject) => {
          channel.publish(
            exchange,
            '',
            Buffer.from(bodyOf(order)),
            options,
            (error: Error | null) => {
              if (error instanceof Error) reject(error);
              else resolve();
            },
          );
        }),
      stop: () => connection.close(),
    };
  },
};

export const handConsume: ConsumingOptions = {
  name: 'amqplib by hand',
  async open({ url, queue }: Place) {
    const connection = await connect(url, { noDelay: true });
    return {
      async consume(handle) {
        const channel: Channel = await connection.createChannel();
        await channel.prefetch(prefetch);
        const onMessage = (message: ConsumeMessage | null): void => {
          if (message === null) return;
          void handle(JSON.parse(message.content.toString()) as Order).then(() => {
            channel.ack(message);
          });
        };
        await channel.consume(queue, onMessage);
        return () => channel.close();
      },
      stop: () => connection.close(),
    };
  },
};
