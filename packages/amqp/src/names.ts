import type { Address } from '@intermodal/core/driver';

/** Where a sender publishes: to an exchange, or through the default exchange to one queue. */
export type Target =
  | { readonly kind: 'exchange'; readonly name: string }
  | { readonly kind: 'queue'; readonly name: string };

export type Naming = ((address: Address) => string) | undefined;

/** The exchange of a whole channel. */
export function exchangeName(address: Address, naming: Naming): string {
  const { channel, native } = address;
  if (native !== undefined && address.group === undefined) return native;
  return naming?.({ channel, role: 'main' }) ?? channel;
}

/** The queue of a group, or of its dead letters. Channels and groups have no dot or underscore, so none collide. */
export function queueName(address: Address, naming: Naming): string {
  const { channel, group = channel, role, native } = address;
  if (native !== undefined) return native;
  if (naming !== undefined) return naming({ channel, group, role });
  return role === 'main' ? `${channel}.${group}` : `${channel}.${group}_dlq`;
}

/** What waits `levelMs` there goes on to `target`. */
export function delayQueueName(target: Target, levelMs: number): string {
  return `${target.name}_delay.${levelMs}`;
}

export function targetOf(address: Address, naming: Naming): Target {
  return address.role === 'main' && address.group === undefined
    ? { kind: 'exchange', name: exchangeName(address, naming) }
    : { kind: 'queue', name: queueName(address, naming) };
}

export function deadLettersOf({ channel, group }: Address): Address {
  return { channel, ...(group === undefined ? {} : { group }), role: 'dead-letter' };
}
