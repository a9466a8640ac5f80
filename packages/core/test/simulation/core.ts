import type { ClientOptions } from '../../src/client-options.ts';
import type { Channel } from '../../src/channel.ts';
import type { Published, PublishOutcome } from '../../src/client-types.ts';
import type { Codec } from '../../src/codec.ts';
import type { BatchOptions, Consumer, ConsumerSettings } from '../../src/consumer-types.ts';
import type { StandardSchema } from '../../src/schema.ts';
import type { AnyDelivery } from './records.ts';

export type AnyChannel = Channel<unknown, unknown, 'none' | 'key'>;

export interface PublishSettings {
  readonly id: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Consuming extends ConsumerSettings {
  readonly group: string;
  readonly leaseMs?: number;
}

/** The client under test, without the types that depend on capabilities. */
export interface Client {
  publish(channel: AnyChannel, body: unknown, options: PublishSettings): Promise<Published>;
  publishMany(
    channel: AnyChannel,
    messages: readonly (PublishSettings & { readonly body: unknown })[],
  ): Promise<readonly PublishOutcome[]>;
  consume(
    channel: AnyChannel,
    options: Consuming,
    handler: (delivery: AnyDelivery) => Promise<void> | void,
  ): Promise<Consumer>;
  consumeBatch(
    channel: AnyChannel,
    options: Consuming & BatchOptions,
    handler: (deliveries: readonly AnyDelivery[]) => Promise<void> | void,
  ): Promise<Consumer>;
  receive(channel: AnyChannel, options: Consuming): AsyncIterableIterator<AnyDelivery>;
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/** The core under test: the one beside this folder, or a copy with a fault put in. */
export interface Core {
  createClient(options: ClientOptions): Client;
  channel(
    name: string,
    options: {
      readonly order: 'none' | 'key';
      readonly codec: Codec<unknown>;
      readonly schema?: StandardSchema;
    },
  ): AnyChannel;
  readonly json: () => Codec<unknown>;
  readonly text: Codec<unknown>;
  readonly bytes: Codec<unknown>;
  readonly Rejection: new (reason: string) => Error;
  readonly IntermodalError: { is(value: unknown): value is Error & { readonly code: string } };
}

/** Imports core from a folder of source. */
export async function loadCore(folder: URL): Promise<Core> {
  return (await import(new URL('index.ts', folder).href)) as Core;
}

export const ownSource: URL = new URL('../../src/', import.meta.url);
