import { spareMs } from './delay-levels.ts';
import type { Target } from './names.ts';
import type { Settings } from './options.ts';

export type QueueArguments = Readonly<Record<string, string | number | boolean>>;

// Dead letters must not be dropped for being looked at too often, and 4.x has a low limit where none is stated.
const noLimit = 2_147_483_647;

/** What moves a message on from a quorum queue is confirmed before it is removed there. */
const safely: QueueArguments = {
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/** Of a group's queue. */
export function mainArguments(settings: Settings, deadLetterQueue: string): QueueArguments {
  const { queueType, singleActiveConsumer, maxPriority } = settings;
  const moved = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadLetterQueue };
  return {
    ...settings.queueArguments,
    'x-queue-type': queueType,
    ...moved,
    // Without a limit a quorum queue puts what comes back behind everything else.
    ...(queueType === 'quorum' ? { 'x-delivery-limit': settings.deliveryLimit, ...safely } : {}),
    ...(singleActiveConsumer ? { 'x-single-active-consumer': true } : {}),
    ...(maxPriority === undefined ? {} : { 'x-max-priority': maxPriority }),
  };
}

/** Of a group's dead letters. */
export function deadLetterArguments({ queueType }: Settings): QueueArguments {
  return {
    'x-queue-type': queueType,
    ...(queueType === 'quorum' ? { 'x-delivery-limit': noLimit } : {}),
  };
}

/** Of the queue in which messages wait `levelMs` for `target`. It goes when it has not been declared for long. */
export function delayArguments(
  { queueType }: Settings,
  target: Target,
  levelMs: number,
): QueueArguments {
  const onwards =
    target.kind === 'exchange'
      ? { 'x-dead-letter-exchange': target.name }
      : { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': target.name };
  return {
    'x-queue-type': queueType,
    'x-message-ttl': levelMs,
    'x-expires': levelMs + spareMs,
    ...onwards,
    ...(queueType === 'quorum' ? safely : {}),
  };
}
