import { type Address, IntermodalError } from '@intermodal/core/driver';
import type { Channel } from 'amqplib';
import type { Connection } from './connection.ts';
import { mapError, type Place } from './map-error.ts';
import { deadLettersOf, delayQueueName, exchangeName, queueName, type Target } from './names.ts';
import type { Settings } from './options.ts';
import {
  deadLetterArguments,
  delayArguments,
  mainArguments,
  type QueueArguments,
} from './queue-arguments.ts';

export type Manner = Settings['topology'];

/** What a place is made of, in the order in which it must be declared. */
type Part =
  | { readonly kind: 'exchange'; readonly name: string; readonly isForeign: boolean }
  | {
      readonly kind: 'queue';
      readonly name: string;
      readonly isForeign: boolean;
      readonly wanted: QueueArguments;
    }
  | { readonly kind: 'binding'; readonly queue: string; readonly exchange: string };

/** For errors, as a phrase. */
export function placeOf(target: Target): string {
  return `${target.kind} '${target.name}'`;
}

/** Runs `work` on a channel of its own: the broker closes it at the first refusal. @throws mapped errors */
export async function withChannel<T>(
  connection: Connection,
  place: Place,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  let channel: Channel | undefined;
  try {
    channel = await connection.model.createChannel();
    // The refused command rejects with the same error.
    channel.on('error', () => undefined);
    return await work(channel);
  } catch (cause) {
    throw mapError(connection.over ?? cause, place);
  } finally {
    // One that the broker has closed throws; and nobody waits for an answer, which a dying connection would not bring.
    channel?.close().catch(() => undefined);
  }
}

/** Exchange, queue and binding of a group with its dead letters; without a group the exchange alone. */
function partsOf(address: Address, settings: Settings): readonly Part[] {
  const { naming } = settings;
  const isForeign = address.native !== undefined;
  const { group } = address;
  const exchange: Part = { kind: 'exchange', name: exchangeName(address, naming), isForeign };
  if (address.role === 'main' && group === undefined) return [exchange];
  const name = queueName(address, naming);
  if (address.role === 'dead-letter' || isForeign)
    return [{ kind: 'queue', name, isForeign, wanted: deadLetterArguments(settings) }];
  const deadLetters = queueName(deadLettersOf(address), naming);
  const channelExchange = exchangeName({ channel: address.channel, role: 'main' }, naming);
  return [
    { ...exchange, name: channelExchange },
    {
      kind: 'queue',
      name: deadLetters,
      isForeign,
      wanted: deadLetterArguments(settings),
    },
    { kind: 'queue', name, isForeign, wanted: mainArguments(settings, deadLetters) },
    { kind: 'binding', queue: name, exchange: channelExchange },
  ];
}

/**
 * Makes a place what it should be, or proves that it is. Idempotent, and safe when several processes do it at once.
 *
 * @throws `not-found`, `mismatch`, `permission-denied`
 */
export async function ensurePlace(
  connection: Connection,
  address: Address,
  settings: Settings,
  manner: Manner,
): Promise<void> {
  if (manner === 'assume') return;
  const place = { name: `the place of '${address.channel}'` };
  await withChannel(connection, place, async (channel) => {
    for (const part of partsOf(address, settings)) {
      try {
        await ensurePart(channel, part, manner);
      } catch (cause) {
        const name = part.kind === 'binding' ? `queue '${part.queue}'` : placeOf(part);
        throw mapError(connection.over ?? cause, { name });
      }
    }
  });
}

async function ensurePart(channel: Channel, part: Part, manner: Manner): Promise<void> {
  if (part.kind === 'binding') {
    // AMQP has no way to look at bindings without making them.
    if (manner === 'declare') await channel.bindQueue(part.queue, part.exchange, '');
    return;
  }
  if (part.isForeign || manner === 'verify') await check(channel, part);
  if (!part.isForeign) await declare(channel, part);
}

type Named = Exclude<Part, { kind: 'binding' }>;

async function check(channel: Channel, part: Named): Promise<void> {
  if (part.kind === 'exchange') await channel.checkExchange(part.name);
  else await channel.checkQueue(part.name);
}

/** Of one that is there it changes nothing: the broker refuses where it has other properties. */
async function declare(channel: Channel, part: Named): Promise<void> {
  if (part.kind === 'exchange') await channel.assertExchange(part.name, 'fanout');
  else await channel.assertQueue(part.name, { arguments: part.wanted });
}

/** @throws `not-found` */
export async function checkPlace(connection: Connection, target: Target): Promise<void> {
  await withChannel(connection, { name: placeOf(target) }, (channel) =>
    target.kind === 'exchange'
      ? channel.checkExchange(target.name)
      : channel.checkQueue(target.name),
  );
}

/** @throws mapped errors */
export async function declareDelayQueue(
  connection: Connection,
  target: Target,
  levelMs: number,
  settings: Settings,
): Promise<string> {
  const name = delayQueueName(target, levelMs);
  await withChannel(connection, { name: `queue '${name}'` }, (channel) =>
    channel.assertQueue(name, { arguments: delayArguments(settings, target, levelMs) }),
  );
  return name;
}

/** A broker that counts failed deliveries must not reach its limit before core gives up. @throws `invalid-argument` */
export function checkDeliveryLimit(settings: Settings, maxAttempts: number): void {
  if (settings.queueType !== 'quorum' || settings.deliveryLimit >= maxAttempts * 10) return;
  const text = `amqp: deliveryLimit is ${settings.deliveryLimit}, and ${maxAttempts} attempts need at least ${maxAttempts * 10}, since giving back counts too: raise deliveryLimit`;
  throw new IntermodalError('invalid-argument', text, { transport: 'amqp' });
}
