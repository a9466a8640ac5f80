import { type Address, IntermodalError } from '@intermodal/core/driver';
import rhea from 'rhea';
import { deadLettersOf, placeOf } from './engine.ts';
import type { Answer, Management } from './management.ts';
import type { Settings } from './options.ts';

type Arguments = Readonly<Record<string, string | number | boolean>>;

/** What a place of RabbitMQ is made of, in the order in which it must be declared. */
type Part =
  | { readonly kind: 'exchange'; readonly name: string }
  | { readonly kind: 'queue'; readonly name: string; readonly wanted: Arguments }
  | { readonly kind: 'binding'; readonly queue: string; readonly exchange: string };

// Dead letters must not be dropped for being looked at too often, and there is a low limit where none is stated.
const noLimit = 2_147_483_647;

/** As `@intermodal/amqp` declares them, so that both may serve one channel. */
function mainArguments(settings: Settings, deadLetterQueue: string): Arguments {
  const { queueType, singleActiveConsumer, queueArguments, deliveryLimit } = settings;
  return {
    ...queueArguments,
    'x-queue-type': queueType,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadLetterQueue,
    ...(queueType === 'quorum'
      ? {
          'x-delivery-limit': deliveryLimit,
          'x-dead-letter-strategy': 'at-least-once',
          'x-overflow': 'reject-publish',
        }
      : {}),
    ...(singleActiveConsumer ? { 'x-single-active-consumer': true } : {}),
  };
}

function deadLetterArguments({ queueType }: Settings): Arguments {
  return {
    'x-queue-type': queueType,
    ...(queueType === 'quorum' ? { 'x-delivery-limit': noLimit } : {}),
  };
}

/** Exchange, queue and binding of a group with its dead letters; without a group the exchange alone. */
function partsOf(address: Address, settings: Settings): readonly Part[] {
  const { broker, naming } = settings;
  const { name, kind } = placeOf(broker, address, naming);
  if (kind === 'exchange') return [{ kind, name }];
  if (address.role === 'dead-letter')
    return [{ kind: 'queue', name, wanted: deadLetterArguments(settings) }];
  const deadLetters = placeOf(broker, deadLettersOf(address), naming).name;
  const whole: Address = { channel: address.channel, role: 'main' };
  const exchange = placeOf(broker, whole, naming).name;
  return [
    { kind: 'exchange', name: exchange },
    { kind: 'queue', name: deadLetters, wanted: deadLetterArguments(settings) },
    { kind: 'queue', name, wanted: mainArguments(settings, deadLetters) },
    { kind: 'binding', queue: name, exchange },
  ];
}

/** Idempotent, and safe when several processes do it at once. @throws `mismatch`, `permission-denied` */
export async function declarePlace(
  management: Management,
  address: Address,
  settings: Settings,
): Promise<void> {
  for (const part of partsOf(address, settings)) {
    const [method, path, body] = declarationOf(part);
    const answer = await management.ask(method, path, body);
    if (answer.status >= 300) throw errorOf(answer, phraseOf(part));
  }
}

function declarationOf(part: Part): readonly ['PUT' | 'POST', string, object] {
  const none = rhea.types.wrap_map({});
  if (part.kind === 'binding') {
    const { exchange: source, queue } = part;
    const binding = { source, destination_queue: queue, binding_key: '', arguments: none };
    return ['POST', '/bindings', binding];
  }
  const path = `/${part.kind}s/${encodeURIComponent(part.name)}`;
  const kept = { durable: true, auto_delete: false };
  if (part.kind === 'exchange')
    return ['PUT', path, { ...kept, internal: false, type: 'fanout', arguments: none }];
  const wanted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(part.wanted))
    wanted[name] = typeof value === 'number' ? rhea.types.wrap_long(value) : value;
  return ['PUT', path, { ...kept, exclusive: false, arguments: rhea.types.wrap_map(wanted) }];
}

/**
 * Of queues and bindings; exchanges RabbitMQ cannot be asked for that way.
 *
 * @throws `not-found`, `mismatch`, `permission-denied`
 */
export async function verifyPlace(
  management: Management,
  address: Address,
  settings: Settings,
): Promise<void> {
  for (const part of partsOf(address, settings)) {
    if (part.kind === 'queue') await verifyQueue(management, part.name, part.wanted);
    if (part.kind === 'binding') await verifyBinding(management, part.queue, part.exchange);
  }
}

async function verifyQueue(management: Management, name: string, wanted: Arguments): Promise<void> {
  const found = (await queueState(management, name))['arguments'] as Record<string, unknown>;
  for (const [key, value] of Object.entries(wanted)) {
    // Rhea has booleans of one octet as numbers.
    const there = typeof value === 'boolean' ? Boolean(found[key]) : found[key];
    if (there === value) continue;
    const text = `queue '${name}': its ${key} is ${String(found[key])}, and the options make it ${String(value)}: delete it, or change the options to what it is`;
    throw new IntermodalError('mismatch', text, { transport: 'amqp1', address: name });
  }
}

async function verifyBinding(
  management: Management,
  queue: string,
  exchange: string,
): Promise<void> {
  const query = `src=${encodeURIComponent(exchange)}&dstq=${encodeURIComponent(queue)}&key=`;
  const answer = await management.ask('GET', `/bindings?${query}`);
  if (answer.status !== 200) throw errorOf(answer, `queue '${queue}'`);
  if (Array.isArray(answer.body) && answer.body.length > 0) return;
  const text = `queue '${queue}' is not bound to exchange '${exchange}': provision it`;
  throw new IntermodalError('mismatch', text, { transport: 'amqp1', address: queue });
}

/** @throws `not-found`, `permission-denied` */
export async function queueState(
  management: Management,
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await management.ask('GET', `/queues/${encodeURIComponent(name)}`);
  if (answer.status === 200) return answer.body as Readonly<Record<string, unknown>>;
  throw errorOf(answer, `queue '${name}'`);
}

/** @throws mapped errors */
export async function deleteAt(management: Management, path: string, what: string): Promise<void> {
  const answer = await management.ask('DELETE', path);
  if (answer.status >= 300) throw errorOf(answer, what);
}

function phraseOf(part: Part): string {
  return part.kind === 'binding' ? `queue '${part.queue}'` : `${part.kind} '${part.name}'`;
}

function errorOf({ status, body }: Answer, what: string): IntermodalError {
  const about = { transport: 'amqp1', address: what, cause: body };
  switch (status) {
    case 401:
    case 403:
      return new IntermodalError(
        'permission-denied',
        `${what}: this user may not do that: see the permissions in the README of @intermodal/amqp1`,
        about,
      );
    case 404:
      return new IntermodalError('not-found', `${what} is not there: provision it`, about);
    case 409:
      return new IntermodalError(
        'mismatch',
        `${what}: it exists with other properties: delete it, or change the options to what it is`,
        about,
      );
    default:
      return new IntermodalError(
        'unknown',
        `${what}: RabbitMQ's management answered ${status}`,
        about,
      );
  }
}

/** A broker that counts failed deliveries must not reach its limit before core gives up. @throws `invalid-argument` */
export function checkDeliveryLimit(settings: Settings, maxAttempts: number): void {
  if (settings.queueType !== 'quorum' || settings.deliveryLimit >= maxAttempts * 10) return;
  const text = `amqp1: deliveryLimit is ${settings.deliveryLimit}, and ${maxAttempts} attempts need at least ${maxAttempts * 10}: raise deliveryLimit`;
  throw new IntermodalError('invalid-argument', text, { transport: 'amqp1' });
}
