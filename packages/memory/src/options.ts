import { IntermodalError } from '@intermodal/core/driver';
import type { MemoryBroker } from './broker/broker.ts';

/** What queues and logs have in common. */
export interface MemoryBaseOptions {
  /** Transports on the same broker reach each other, as processes do. @defaultValue one of its own */
  readonly broker?: MemoryBroker | undefined;
  /** Makes channels and groups at first use, where a real broker says `not-found`. @defaultValue false */
  readonly autoCreate?: boolean | undefined;
  /** Of body and headers together; more is `too-large`. @defaultValue 1,048,576 */
  readonly maxMessageBytes?: number | undefined;
}

/** Every group of a channel has a queue: the default. */
export interface MemoryQueueOptions extends MemoryBaseOptions {
  /** Lease of a delivery where the consumer asks for none, milliseconds. @defaultValue 30,000 */
  readonly leaseMs?: number | undefined;
  /**
   * Messages of one key that are leased together. More (SQS FIFO: 10) is quicker where keys are few, and lets a failing
   * key hold up as many slots of its consumer. @defaultValue 1
   */
  readonly maxPerKey?: number | undefined;
  readonly log?: undefined;
}

/** The groups of a channel read one log, as on Kinesis. */
export interface MemoryLogOptions extends MemoryBaseOptions {
  /** Channels are logs of so many shards, read by position, instead of queues. */
  readonly log: { readonly shards: number };
  readonly leaseMs?: undefined;
  readonly maxPerKey?: undefined;
}

/** Options of `memoryTransport`: what it can do follows from them. */
export type MemoryTransportOptions = MemoryQueueOptions | MemoryLogOptions;

/** What queues in memory can do: everything but outlive the process. */
export const queueCapabilities = {
  receive: true,
  groups: 'many',
  order: 'key',
  isolation: 'key',
  settle: 'message',
  duplicates: 'on-fault',
  durable: false,
  ackConfirmed: true,
  attempts: 'broker',
  release: 'free',
  retry: 'delayed',
  lease: true,
  delay: true,
  ttl: true,
  priority: true,
  dedupe: true,
  replay: true,
  headers: 'native',
} as const;

/** What logs in memory can do: that of Kinesis, so that code for logs can be tested without it. */
export const logCapabilities = {
  receive: true,
  groups: 'many',
  order: 'key',
  isolation: 'window',
  settle: 'watermark',
  duplicates: 'on-fault',
  durable: false,
  ackConfirmed: true,
  attempts: 'local',
  release: 'none',
  retry: 'local',
  lease: false,
  delay: false,
  ttl: false,
  priority: false,
  dedupe: false,
  replay: true,
  headers: 'native',
} as const;

/** As literals, for the compiler. */
export type MemoryQueueCapabilities = typeof queueCapabilities;
/** As literals, for the compiler. */
export type MemoryLogCapabilities = typeof logCapabilities;

/** Either mode: what is known where the options are not. */
export type MemoryCapabilities = MemoryQueueCapabilities | MemoryLogCapabilities;

/** Options with their defaults. */
export interface Settings {
  readonly autoCreate: boolean;
  readonly maxMessageBytes: number;
  readonly leaseMs: number;
  readonly maxPerKey: number;
  /** 0 in queue mode. */
  readonly shards: number;
}

/** @throws `invalid-argument` */
export function resolveOptions(options: MemoryTransportOptions): Settings {
  const { log } = options;
  // The types say so too, but not to a caller without them.
  const leases: { readonly leaseMs?: number | undefined; readonly maxPerKey?: number | undefined } =
    options;
  const { leaseMs, maxPerKey } = leases;
  if (log !== undefined && (leaseMs ?? maxPerKey) !== undefined) {
    const text = 'a log has no leases: leave out leaseMs and maxPerKey';
    throw new IntermodalError('invalid-argument', text, { transport: 'memory' });
  }
  return {
    autoCreate: options.autoCreate ?? false,
    maxMessageBytes: wholeNumber('maxMessageBytes', options.maxMessageBytes ?? 1_048_576),
    leaseMs: wholeNumber('leaseMs', leaseMs ?? 30_000),
    maxPerKey: wholeNumber('maxPerKey', maxPerKey ?? 1),
    shards: log === undefined ? 0 : wholeNumber('log.shards', log.shards),
  };
}

/** @throws `invalid-argument` */
export function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new IntermodalError(
    'invalid-argument',
    `${name} must be a whole number from 1, not ${value}`,
  );
}
