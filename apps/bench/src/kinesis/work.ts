import type { Contender } from '../bench.ts';
import { cannedControl, type Endpoints, shards } from './canned.ts';
import { type Order, orderOf } from './orders.ts';

export interface Publishing {
  /** Resolves when the service has all of them. */
  send(orders: readonly Order[]): Promise<unknown>;
  stop(): Promise<void>;
}

export interface PublishingOptions {
  readonly name: string;
  /** Calls of `send` under way at once, and the orders of each. */
  readonly callers: number;
  readonly perCall: number;
  open(endpoints: Endpoints): Publishing | Promise<Publishing>;
}

export function publishing({ name, callers, perCall, open }: PublishingOptions): Contender {
  return {
    name,
    async start(address) {
      const endpoints = JSON.parse(address) as Endpoints;
      const control = cannedControl(endpoints);
      const opened = await open(endpoints);
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

/** What is done with each order. */
export type Handle = (order: Order) => Promise<void>;

export interface ConsumingOptions {
  readonly name: string;
  open(
    endpoints: Endpoints,
    handle: Handle,
  ): { stop(): Promise<void> } | Promise<{ stop(): Promise<void> }>;
}

/** @param inRecord orders that one record of the server holds */
export function consuming({ name, open }: ConsumingOptions, inRecord: number): Contender {
  return {
    name,
    async start(address) {
      const endpoints = JSON.parse(address) as Endpoints;
      const control = cannedControl(endpoints);
      let handled = 0;
      let wanted = 0;
      let held = 0;
      let allHandled: () => void = () => undefined;

      function handle(): Promise<void> {
        handled += 1;
        if (handled === wanted) allHandled();
        return Promise.resolve();
      }

      const opened = await open(endpoints, handle);
      return {
        async run(messages) {
          const done = new Promise<void>((resolve) => {
            allHandled = resolve;
          });
          const more = Math.ceil(messages / shards / inRecord);
          held += more;
          wanted = held * shards * inRecord;
          await control.hold(held);
          await done;
        },
        requests: () => control.requests(),
        stop: () => opened.stop(),
      };
    },
  };
}
