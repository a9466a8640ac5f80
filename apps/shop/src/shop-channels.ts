import {
  type Channel,
  channel,
  type Client,
  type Consumer,
  type ConsumeOptions,
  type DeliveryBase,
  type ProvisionOptions,
  type Published,
  type PublishOutcome,
  type StandardSchema,
  type Transport,
} from '@intermodal/core';
import { OrderEvent, OrderStep } from './order.ts';
import { Refusal } from './refusal.ts';

/** The stages of an order, in their order; each is a channel with one group, named as the channel. */
export const stageNames = ['place-order', 'charge-order', 'ship-order'] as const;
export type StageName = (typeof stageNames)[number];

export const eventsName = 'order-events';

/** Who wants to hear about orders. Where a channel has one group only, the first. */
const eventGroups = ['billing', 'shipping', 'analytics'] as const;

const concurrency = 32;
const maxAttempts = 8;

/** A channel on a client: what of both the shop uses. */
export interface ShopChannel<T> {
  readonly name: string;
  readonly groups: readonly string[];
  publish(body: T, options: PublishKeyed): Promise<Published>;
  publishMany(
    messages: readonly (PublishKeyed & { readonly body: T })[],
  ): Promise<readonly PublishOutcome[]>;
  consume(group: string, handler: (delivery: DeliveryBase<T>) => Promise<void>): Promise<Consumer>;
  /** Moves the group's dead letters back. Resolves with how many. */
  redrive(group: string): Promise<number>;
  provision(): Promise<void>;
}

export interface PublishKeyed {
  readonly id: string;
  readonly key: string;
}

export interface ShopChannels {
  readonly stages: Readonly<Record<StageName, ShopChannel<OrderStep>>>;
  readonly events: ShopChannel<OrderEvent>;
}

/** The groups of each channel. */
export type Readers = (channel: string) => readonly string[];

/** @throws Refusal where it cannot receive */
export function readersOn({ name, capabilities }: Transport): Readers {
  const { receive, groups } = capabilities;
  if (!receive || groups === 'none')
    throw new Refusal(`'${name}' only publishes, and the shop also receives: choose another.`);
  const ofEvents = groups === 'many' ? eventGroups : eventGroups.slice(0, 1);
  return (channel) => (channel === eventsName ? ofEvents : [channel]);
}

/** How handlers are treated. */
export type HandlerSettings = Pick<ConsumeOptions, 'retry' | 'handlerTimeoutMs'>;

const patient: HandlerSettings = {
  retry: { maxAttempts, delayMs: (attempt) => Math.min(50 * 2 ** attempt, 5_000) },
};

export function channelsOn(
  client: Client,
  readers: Readers,
  settings: HandlerSettings = patient,
): ShopChannels {
  function create<T>(name: string, schema: StandardSchema<T>): ShopChannel<T> {
    // A channel that needs order is refused where there is none, so it asks only where there is.
    return client.capabilities.order === 'key'
      ? bind(
          client.require({ order: 'key' }),
          channel(name, { schema, order: 'key' }),
          readers,
          settings,
        )
      : bind(client, channel(name, { schema, order: 'none' }), readers, settings);
  }

  return {
    stages: {
      'place-order': create('place-order', OrderStep),
      'charge-order': create('charge-order', OrderStep),
      'ship-order': create('ship-order', OrderStep),
    },
    events: create(eventsName, OrderEvent),
  };
}

export function allChannels({
  stages,
  events,
}: ShopChannels): readonly Pick<ShopChannel<never>, 'name' | 'groups' | 'provision' | 'redrive'>[] {
  return [...stageNames.map((name) => stages[name]), events];
}

/** What the shop needs of a client whose channels have the order `N`. */
interface Carrier<N extends 'none' | 'key'> {
  readonly publish: <T>(
    channel: Channel<T, T, N>,
    body: T,
    options: PublishKeyed,
  ) => Promise<Published>;
  readonly publishMany: <T>(
    channel: Channel<T, T, N>,
    messages: readonly (PublishKeyed & { readonly body: T })[],
  ) => Promise<readonly PublishOutcome[]>;
  readonly consume: <T>(
    channel: Channel<T, T, N>,
    options: HandlerSettings & { readonly group: string; readonly concurrency: number },
    handler: (delivery: DeliveryBase<T>) => Promise<void>,
  ) => Promise<Consumer>;
  readonly redrive: (
    channel: Channel<unknown, unknown, N>,
    options: { readonly group: string },
  ) => Promise<{ readonly moved: number }>;
  readonly provision: (
    channels: readonly Channel<unknown, unknown, N>[],
    options: ProvisionOptions,
  ) => Promise<void>;
}

function bind<T, N extends 'none' | 'key'>(
  carrier: Carrier<N>,
  source: Channel<T, T, N>,
  readers: Readers,
  settings: HandlerSettings,
): ShopChannel<T> {
  const groups = readers(source.name);
  return {
    name: source.name,
    groups,
    publish: (body, options) => carrier.publish(source, body, options),
    publishMany: (messages) => carrier.publishMany(source, messages),
    consume: (group, handler) =>
      carrier.consume(source, { ...settings, group, concurrency }, handler),
    async redrive(group) {
      return (await carrier.redrive(source, { group })).moved;
    },
    async provision() {
      await carrier.provision([source], { groups, maxAttempts });
    },
  };
}
