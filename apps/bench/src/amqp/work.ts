import { connect } from 'amqplib';
import type { Contender } from '../bench.ts';
import { bodyOf, type Order, orderOf } from '../sqs/orders.ts';
import { type Place, placeAt } from './place.ts';

/** Publishes that wait for their confirm at once, by every contender that lets itself be told so. */
export const unconfirmed = 1_000;
/** Deliveries without an ack. */
export const prefetch = 200;

const latencyEvery = 16;

export interface Publishing {
  /** Resolves when the broker has confirmed it. */
  send(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

export interface PublishingOptions {
  readonly name: string;
  open(place: Place): Promise<Publishing>;
}

export function publishing({ name, open }: PublishingOptions): Contender {
  return {
    name,
    async start(address) {
      const place = placeAt(address);
      const opened = await open(place);
      let published = 0;
      return {
        async run(messages, probe) {
          let made = 0;

          async function caller(): Promise<void> {
            while (made < messages) {
              made += 1;
              const timed = made % latencyEvery === 0;
              const startedAt = timed ? performance.now() : 0;
              await opened.send(orderOf(made));
              if (timed) probe.latency(performance.now() - startedAt);
            }
          }

          await Promise.all(Array.from({ length: unconfirmed }, caller));
          published += messages;
        },
        async stop() {
          await opened.stop();
          await expectReady(place, published, published);
        },
      };
    },
  };
}

/** What is done with each order; its end is the order's. */
export type Handle = (order: Order) => Promise<void>;

export interface ConsumingOptions {
  readonly name: string;
  /** Connects; resolves with what begins to consume, and that with what ends it and leaves no ack unwritten. */
  open(place: Place): Promise<{
    consume(handle: Handle): Promise<() => Promise<void>>;
    stop(): Promise<void>;
  }>;
}

export function consuming({ name, open }: ConsumingOptions): Contender {
  return {
    name,
    async start(address) {
      const place = placeAt(address);
      const opened = await open(place);
      return {
        before: (messages) => fill(place, messages),
        async run(messages) {
          let handled = 0;
          let finish: () => void;
          const finished = new Promise<void>((resolve) => {
            finish = resolve;
          });
          const end = await opened.consume(() => {
            handled += 1;
            if (handled === messages) finish();
            return Promise.resolve();
          });
          await finished;
          // The last acks are given when their handlers are over.
          await new Promise(setImmediate);
          await end();
        },
        async stop() {
          await opened.stop();
          // A quorum queue may forget acks that came just before their channel was closed.
          await expectReady(place, 0, prefetch);
        },
      };
    },
  };
}

/** By a program of its own kind, before the clock starts. */
async function fill({ url, exchange }: Place, messages: number): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  const properties = { persistent: true, contentType: 'application/json' };
  for (let n = 0; n < messages; n += 1) {
    channel.publish(exchange, '', Buffer.from(bodyOf(orderOf(n))), {
      ...properties,
      messageId: String(n),
    });
    if (n % unconfirmed === 0) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await connection.close();
}

/** That all work was done: what was published is there, and what was not acked comes back. @throws when not */
async function expectReady({ url, queue }: Place, least: number, most: number): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const deadline = Date.now() + 5_000;
  for (;;) {
    const { messageCount } = await channel.checkQueue(queue);
    if (messageCount >= least && messageCount <= most) break;
    if (Date.now() > deadline)
      throw new Error(`${messageCount} messages are in the queue instead of ${most}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await connection.close();
}
