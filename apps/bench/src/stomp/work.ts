import type { Contender } from '../bench.ts';
import { type Order, orderOf } from '../sqs/orders.ts';
import { countsOf, fill } from './canned.ts';

/** Publishes that wait for their receipt at once. */
export const unconfirmed = 200;
/** Deliveries without an ack. */
export const prefetch = 200;

const latencyEvery = 16;

export interface Publishing {
  /** Resolves with the receipt. */
  send(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

export interface PublishingOptions {
  readonly name: string;
  open(port: number): Promise<Publishing>;
}

export function publishing({ name, open }: PublishingOptions): Contender {
  return {
    name,
    async start(address) {
      const opened = await open(Number(address));
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
          const { sent } = await countsOf(address);
          if (sent !== published) throw new Error(`${sent} messages came instead of ${published}`);
        },
        stop: () => opened.stop(),
      };
    },
  };
}

/** What is done with each order; its end is the order's. */
export type Handle = (order: Order) => Promise<void>;

export interface ConsumingOptions {
  readonly name: string;
  /** Acks with a receipt. */
  open(port: number, handle: Handle): Promise<{ stop(): Promise<void> }>;
}

export function consuming({ name, open }: ConsumingOptions): Contender {
  return {
    name,
    async start(address) {
      let handled = 0;
      let wanted = Infinity;
      let onHandled: () => void = () => undefined;
      const opened = await open(Number(address), () => {
        handled += 1;
        if (handled === wanted) onHandled();
        return Promise.resolve();
      });
      return {
        async run(messages) {
          const done = new Promise<void>((resolve) => {
            onHandled = resolve;
          });
          wanted = handled + messages;
          await fill(address, messages);
          await done;
          while ((await countsOf(address)).acked < wanted) await new Promise(setImmediate);
        },
        stop: () => opened.stop(),
      };
    },
  };
}
