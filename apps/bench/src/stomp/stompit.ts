import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { peersOf } from '../peers.ts';
import { bodyOf, type Order } from '../sqs/orders.ts';
import { type ConsumingOptions, prefetch, type PublishingOptions } from './work.ts';

const { prepare, load: peer } = peersOf('stomp');

export const preparePeers = prepare;

interface Client {
  send(headers: object, options: { onReceipt(): void }): Writable;
  subscribe(headers: object, onMessage: (error: Error | null, message: Readable) => void): void;
  ack(message: Readable, headers: object, options: { onReceipt(): void }): void;
  destroy(): void;
  on(event: 'error', listener: () => void): void;
}

interface Stompit {
  connect(options: object, onConnected: (error: Error | null, client: Client) => void): void;
}

function open(port: number): Promise<Client> {
  const { connect } = peer('stompit') as Stompit;
  const connectHeaders = { host: '/', login: 'guest', passcode: 'guest' };
  return new Promise((resolve, reject) => {
    connect({ host: '127.0.0.1', port, connectHeaders }, (error, client) => {
      if (error !== null) reject(error);
      else resolve(client);
    });
  });
}

/** It has no goodbye that a server which stores nothing would be worth. */
function end(client: Client): Promise<void> {
  client.on('error', () => undefined);
  client.destroy();
  return Promise.resolve();
}

export const stompitPublish: PublishingOptions = {
  name: 'stompit',
  async open(port) {
    const client = await open(port);
    return {
      send: (order) =>
        new Promise<void>((resolve) => {
          const headers = {
            destination: '/topic/VirtualTopic.bench',
            persistent: 'true',
            'content-type': 'application/json',
            imid: randomUUID(),
            imkey: order.customer,
            JMSXGroupID: order.customer,
            imtime: String(Date.now()),
          };
          client.send(headers, { onReceipt: resolve }).end(bodyOf(order));
        }),
      stop: () => end(client),
    };
  },
};

export const stompitConsume: ConsumingOptions = {
  name: 'stompit',
  async open(port, handle) {
    const client = await open(port);
    const take = async (message: Readable): Promise<void> => {
      await handle(JSON.parse(await text(message)) as Order);
      await new Promise<void>((resolve) => {
        client.ack(message, {}, { onReceipt: resolve });
      });
    };
    const subscription = {
      destination: '/queue/Consumer.bench.VirtualTopic.bench',
      ack: 'client-individual',
      'activemq.prefetchSize': prefetch,
    };
    client.subscribe(subscription, (error, message) => {
      if (error === null) void take(message);
    });
    return { stop: () => end(client) };
  },
};
