import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from '../bench.ts';
import { cannedControl } from './canned.ts';
import { type Order, orderOf } from './orders.ts';

export const queueUrlOf = (endpoint: string): string => `${endpoint}/000000000000/bench`;

export interface Publishing {
  /** Resolves when the service has all of them. */
  send(orders: readonly Order[]): Promise<unknown>;
  stop(): Promise<void>;
}

export interface PublishingOptions {
  readonly name: string;
  /** Calls of `send` under way at once, and the orders of each: about 32 orders in all. */
  readonly callers: number;
  readonly perCall: number;
  open(endpoint: string): Publishing | Promise<Publishing>;
}

export function publishing(options: PublishingOptions): Contender {
  const { name, callers, perCall } = options;
  return {
    name,
    async start(endpoint) {
      const control = cannedControl(endpoint);
      const opened = await options.open(endpoint);
      return {
        async run(messages, probe) {
          let made = 0;

          async function caller(): Promise<void> {
            while (made < messages) {
              const first = made;
              made = Math.min(messages, first + perCall);
              const orders = Array.from({ length: made - first }, (_, index) =>
                orderOf(first + index),
              );
              const startedAt = performance.now();
              await opened.send(orders);
              probe.latency(performance.now() - startedAt);
            }
          }

          await Promise.all(Array.from({ length: callers }, caller));
        },
        requests: () => control.requests(),
        stop: () => opened.stop(),
      };
    },
  };
}

/** What is done with each order; its end is the order's. */
export type Handle = (order: Order) => Promise<void>;

export interface Consuming {
  stop(): Promise<void>;
}

export interface ConsumingOptions {
  readonly name: string;
  open(endpoint: string, handle: Handle): Consuming | Promise<Consuming>;
}

/** `handlerMs` 0 is a handler that does nothing. */
export function consuming(options: ConsumingOptions, handlerMs: number): Contender {
  return {
    name: options.name,
    async start(endpoint) {
      const control = cannedControl(endpoint);
      let handled = 0;
      let wanted = Infinity;
      let allHandled: () => void = () => undefined;

      async function handle(): Promise<void> {
        if (handlerMs > 0) await sleep(handlerMs);
        handled += 1;
        if (handled === wanted) allHandled();
      }

      const opened = await options.open(endpoint, handle);
      return {
        async run(messages) {
          const deletedBefore = await control.deleted();
          const done = new Promise<void>((resolve) => {
            allHandled = resolve;
          });
          wanted = handled + messages;
          await control.fill(messages);
          await done;
          while ((await control.deleted()) - deletedBefore < messages) await sleep(2);
        },
        requests: () => control.requests(),
        stop: () => opened.stop(),
      };
    },
  };
}
