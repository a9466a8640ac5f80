import type { Transport } from '@intermodal/core';
import { memoryTransport } from '@intermodal/memory';
import { Refusal } from './refusal.ts';

/** THE line: change it, and everything else stays as it is. */
export const transportUrl = 'memory:';

/** One entry for each transport that the shop can be run on. */
const factories: Readonly<Record<string, () => Transport>> = {
  memory: () => memoryTransport(),
};

/** @throws Refusal */
export function transportOf(url: string): Transport {
  const [scheme = ''] = url.split(':', 1);
  const factory = Object.hasOwn(factories, scheme) ? factories[scheme] : undefined;
  if (factory !== undefined && url === `${scheme}:`) return factory();
  const known = Object.keys(factories).map((name) => `${name}:`);
  throw new Refusal(`'${scheme}:' is no transport of this shop: choose one of ${known.join(', ')}.`);
}
