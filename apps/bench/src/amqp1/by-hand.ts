import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import rhea, { type Connection, type Delivery, type EventContext } from 'rhea';
import type { Place } from '../amqp/place.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from '../amqp/work.ts';
import { bodyOf, type Order } from '../sqs/orders.ts';

async function open({ url }: Place): Promise<Connection> {
  const { hostname, port, username, password } = new URL(url);
  const connection = rhea.create_container().connect({
    host: hostname,
    port: Number(port),
    username,
    password,
    reconnect: false,
  });
  await once(connection, 'connection_open');
  return connection;
}

async function close(connection: Connection): Promise<void> {
  connection.close();
  await once(connection, 'connection_close');
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** As somebody writes it who wants the same: an id, an outcome for each, no more than there is credit for. */
export const rheaPublish: PublishingOptions = {
  name: 'rhea by hand',
  async open(place) {
    const connection = await open(place);
    const sender = connection.open_sender({ target: { address: `/exchanges/${place.exchange}` } });
    await once(sender, 'sendable');
    const waiting = new Map<Delivery, Waiting>();
    const unsent: (() => void)[] = [];
    const settle = (what: 'resolve' | 'reject', { delivery }: EventContext): void => {
      if (delivery === undefined) return;
      const found = waiting.get(delivery);
      waiting.delete(delivery);
      if (what === 'resolve') found?.resolve();
      else found?.reject(new Error('refused'));
    };
    sender.on('accepted', (context: EventContext) => {
      settle('resolve', context);
    });
    for (const outcome of ['rejected', 'released', 'modified'])
      sender.on(outcome, (context: EventContext) => {
        settle('reject', context);
      });
    sender.on('sendable', () => {
      while (unsent.length > 0 && sender.sendable()) unsent.shift()?.();
    });
    return {
      send: (order) =>
        new Promise<void>((resolve, reject) => {
          const now = (): void => {
            const delivery = sender.send({
              message_id: randomUUID(),
              durable: true,
              content_type: 'application/json',
              creation_time: new Date(),
              body: rhea.message.data_section(Buffer.from(bodyOf(order))) as unknown,
            });
            waiting.set(delivery, { resolve, reject });
          };
          if (sender.sendable()) now();
          else unsent.push(now);
        }),
      stop: () => close(connection),
    };
  },
};

export const rheaConsume: ConsumingOptions = {
  name: 'rhea by hand',
  async open(place) {
    const connection = await open(place);
    return {
      async consume(handle) {
        const receiver = connection.open_receiver({
          source: { address: `/queues/${place.queue}`, durable: 2 },
          credit_window: prefetch,
          autoaccept: false,
        });
        receiver.on('message', ({ message, delivery }: EventContext) => {
          if (message === undefined) return;
          const { content } = message.body as { readonly content: Buffer };
          void handle(JSON.parse(content.toString()) as Order).then(() => {
            delivery?.accept();
          });
        });
        await once(receiver, 'receiver_open');
        return async () => {
          receiver.close();
          await once(receiver, 'receiver_close');
        };
      },
      stop: () => close(connection),
    };
  },
};
