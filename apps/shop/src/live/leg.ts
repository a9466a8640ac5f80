import {
  type Capabilities,
  type Client,
  type ConsumeMiddleware,
  type Consumer,
  createClient,
  IntermodalError,
  type Telemetry,
} from '@intermodal/core';
import { createFlow, type FlowOptions } from '../flow.ts';
import type { Offer, Station } from '../offers/offer.ts';
import {
  allChannels,
  channelsOn,
  type HandlerSettings,
  type Readers,
  readersOn,
  type ShopChannels,
} from '../shop-channels.ts';

export interface LegOptions extends Omit<FlowOptions, 'channels'> {
  readonly offer: Offer;
  readonly station: Station;
  readonly middleware: readonly ConsumeMiddleware[];
  readonly telemetry: Telemetry;
  readonly note: (text: string) => void;
}

/** What consumers gave back and finished when they were stopped, all together. */
export interface Handback {
  readonly completed: number;
  readonly released: number;
  readonly abandoned: number;
}

/** The shop on one transport, from the first connection to the last. */
export interface Leg {
  readonly offer: Offer;
  readonly station: Station;
  readonly transport: string;
  readonly capabilities: Capabilities;
  readonly channels: ShopChannels;
  readonly groupsOf: Readers;
  /** Each `<channel>/<group>`. */
  readonly readers: readonly string[];
  readonly consumers: ReadonlyMap<string, Consumer>;
  startConsumer(reader: string): Promise<void>;
  stopConsumer(reader: string): Promise<void>;
  /** Makes what the broker has forgotten again, and every consumer anew. */
  recover(): Promise<void>;
  /** Moves the dead letters of a reader back to it. Resolves with how many. */
  redrive(reader: string): Promise<number>;
  /** Stops the consumers and closes every connection. */
  close(options: { readonly deadlineMs: number }): Promise<Handback>;
}

/** Short enough that it can be watched how a message fails, is tried again, and goes to the dead letters. */
const impatient: HandlerSettings = {
  handlerTimeoutMs: 10_000,
  retry: { maxAttempts: 5, delayMs: (attempt) => Math.min(100 * 2 ** attempt, 1_000) },
};

/** Provisions and starts every consumer; nothing is left open when it fails. */
export async function openLeg(options: LegOptions): Promise<Leg> {
  const { offer, station, note } = options;
  const transport = await station.open();
  const groupsOf = readersOn(transport);
  const client: Client = createClient({
    transport,
    telemetry: options.telemetry,
    middleware: { consume: options.middleware },
  });
  const channels = channelsOn(client, groupsOf, impatient);
  const consumers = new Map<string, Consumer>();
  const flow = createFlow({ ...options, channels });
  const readers = [...flow.keys()];

  async function startConsumer(reader: string): Promise<void> {
    const start = flow.get(reader);
    if (start === undefined || consumers.has(reader)) return;
    const consumer = await start();
    consumers.set(reader, consumer);
    // It may be told late, when another has taken its place.
    consumer.done.catch(() => {
      if (consumers.get(reader) === consumer) consumers.delete(reader);
    });
  }

  async function stopConsumer(reader: string, deadlineMs = 2_000): Promise<Handback> {
    const consumer = consumers.get(reader);
    consumers.delete(reader);
    return (await consumer?.stop({ deadlineMs })) ?? nothing;
  }

  async function begin(): Promise<void> {
    for (const channel of allChannels(channels)) {
      try {
        await channel.provision();
      } catch (error) {
        if (!IntermodalError.is(error, 'unsupported')) throw error;
        note(`'${channel.name}' is used as it is: ${error.message}.`);
      }
    }
    await Promise.all(readers.map(startConsumer));
  }

  async function stopAll(deadlineMs: number): Promise<Handback> {
    const reports = await Promise.all(readers.map((reader) => stopConsumer(reader, deadlineMs)));
    const sum = (of: keyof Handback): number =>
      reports.reduce((total, report) => total + report[of], 0);
    return { completed: sum('completed'), released: sum('released'), abandoned: sum('abandoned') };
  }

  try {
    await begin();
  } catch (error) {
    await client.close({ deadlineMs: 1_000 });
    throw error;
  }
  return {
    offer,
    station,
    transport: client.transport,
    capabilities: client.capabilities,
    channels,
    groupsOf,
    readers,
    consumers,
    startConsumer,
    async stopConsumer(reader) {
      await stopConsumer(reader);
    },
    async recover() {
      await stopAll(1_000);
      await begin();
    },
    async redrive(reader) {
      const [name, group = ''] = reader.split('/');
      const channel = allChannels(channels).find((each) => each.name === name);
      return (await channel?.redrive(group)) ?? 0;
    },
    async close({ deadlineMs }) {
      const handback = await stopAll(deadlineMs);
      await client.close({ deadlineMs });
      return handback;
    },
  };
}

const nothing: Handback = { completed: 0, released: 0, abandoned: 0 };
