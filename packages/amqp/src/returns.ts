import { wireNames } from '@intermodal/core/driver';
import type { Channel, Message, Options } from 'amqplib';

/**
 * What the broker sends back because no queue is bound. It comes before the confirm of the same message, and that confirm
 * still says that all is well.
 */
export interface Returns {
  /** Of a message whose confirm is there: whether it had been returned. */
  take(properties: Options.Publish): boolean;
}

export function createReturns(channel: Channel): Returns {
  /** How often, by id: the same one may be under way several times. Only returned ones go through it. */
  const returned = new Map<string, number>();

  channel.on('return', ({ properties }: Message) => {
    const id = idOf(properties);
    returned.set(id, (returned.get(id) ?? 0) + 1);
  });

  return {
    take(properties) {
      if (returned.size === 0) return false;
      const id = idOf(properties);
      const count = returned.get(id);
      if (count === undefined) return false;
      if (count === 1) returned.delete(id);
      else returned.set(id, count - 1);
      return true;
    },
  };
}

interface Identified {
  readonly messageId?: unknown;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

function idOf({ messageId, headers }: Identified): string {
  const id = messageId ?? headers?.[wireNames.id];
  return typeof id === 'string' ? id : '';
}
