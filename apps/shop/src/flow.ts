import type { Consumer, DeliveryBase } from '@intermodal/core';
import { eventMessage, type Outgoing, stepMessage } from './messages.ts';
import {
  type EventKind,
  eventKinds,
  type Order,
  type OrderEvent,
  type OrderStep,
} from './order.ts';
import type { RunRecord } from './record.ts';
import {
  eventsName,
  type ShopChannel,
  type ShopChannels,
  type StageName,
  stageNames,
} from './shop-channels.ts';

interface Stage {
  /** What the others are told once it is done. */
  readonly event: EventKind;
  readonly next: StageName | undefined;
  /** @throws to be tried again */
  readonly work: (order: Order, attempt: number) => void;
}

const stages: Readonly<Record<StageName, Stage>> = {
  'place-order': { event: 'placed', next: 'charge-order', work: () => undefined },
  'charge-order': { event: 'charged', next: 'ship-order', work: charge },
  'ship-order': { event: 'shipped', next: undefined, work: () => undefined },
};

/** Fails now and then on the first attempt, always for the same orders: so retries can be seen. */
function charge({ orderId }: Order, attempt: number): void {
  if (attempt === 1 && hash(orderId) % 50 === 0)
    throw new Error(`the bank did not answer for order ${orderId}`);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

export interface FlowOptions {
  readonly channels: ShopChannels;
  readonly record: RunRecord;
  /** A message of another run was handled: its order moves on, and counts nowhere. */
  readonly onStranger: () => void;
  /** A consumer cannot go on. */
  readonly onFailed: (error: unknown, reader: string) => void;
}

/** What starts the consumer of each `<channel>/<group>`. */
export type Flow = ReadonlyMap<string, () => Promise<Consumer>>;

/** Starts every consumer of the shop: one a stage, and one a group of the events. */
export async function startFlow(options: FlowOptions): Promise<void> {
  await Promise.all([...createFlow(options).values()].map((start) => start()));
}

export function createFlow({ channels, record, onStranger, onFailed }: FlowOptions): Flow {
  const strangers = recordOfStrangers(onStranger);

  async function onStep(
    name: StageName,
    { id, group, attempt, body }: DeliveryBase<OrderStep>,
  ): Promise<void> {
    const of = body.run === record.run ? record : strangers;
    if (!of.isHandled(id, group)) {
      stages[name].work(body.order, attempt);
      await tell(name, body, of);
    }
    const customer = body.order.customerId;
    await of.handled({ id, channel: name, customer, sequence: body.sequence, step: 0 }, group);
  }

  /** The next stage comes last, so that what it has to tell comes after what this one tells. */
  async function tell(name: StageName, body: OrderStep, of: PartOfRecord): Promise<void> {
    const { event, next } = stages[name];
    const told = eventMessage(event, body);
    if (next === undefined) {
      await of.intend([told.message]);
      await publish(channels.events, told, of);
      return;
    }
    const handedOn = stepMessage(next, body);
    await of.intend([told.message, handedOn.message]);
    await publish(channels.events, told, of);
    await publish(channels.stages[next], handedOn, of);
  }

  async function onEvent({ id, group, body }: DeliveryBase<OrderEvent>): Promise<void> {
    const of = body.run === record.run ? record : strangers;
    const { customerId: customer, sequence, kind } = body;
    const step = eventKinds.indexOf(kind);
    await of.handled({ id, channel: eventsName, customer, sequence, step }, group);
  }

  function consumersOf<T>(
    channel: ShopChannel<T>,
    handler: (delivery: DeliveryBase<T>) => Promise<void>,
  ): [reader: string, start: () => Promise<Consumer>][] {
    return channel.groups.map((group) => {
      const reader = `${channel.name}/${group}`;
      return [
        reader,
        async () => {
          const consumer = await channel.consume(group, handler);
          consumer.done.catch((error: unknown) => {
            onFailed(error, reader);
          });
          return consumer;
        },
      ];
    });
  }

  return new Map([
    ...stageNames.flatMap((name) =>
      consumersOf(channels.stages[name], (delivery) => onStep(name, delivery)),
    ),
    ...consumersOf(channels.events, onEvent),
  ]);
}

async function publish<T>(
  channel: ShopChannel<T>,
  { message, body }: Outgoing<T>,
  of: PartOfRecord,
): Promise<void> {
  // By an earlier attempt, or by an earlier process.
  if (of.isPublished(message.id)) return;
  await channel.publish(body, { id: message.id, key: message.customer });
  of.confirm([message.id]);
}

type PartOfRecord = Pick<RunRecord, 'isHandled' | 'isPublished' | 'intend' | 'confirm' | 'handled'>;

function recordOfStrangers(onStranger: () => void): PartOfRecord {
  const done = Promise.resolve();
  return {
    isHandled: () => false,
    isPublished: () => false,
    intend: () => done,
    confirm: () => undefined,
    handled() {
      onStranger();
      return done;
    },
  };
}
