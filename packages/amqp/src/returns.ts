import { wireNames } from '@intermodal/core/driver';
import type { Channel, Message, Options } from 'amqplib';

/**
 * What the broker sends back because no queue is bound. It comes before the confirm of the same message, and that confirm
 * still says that all is well.
 */
export interface Returns {
  /** Before the message is published. */
  expect(properties: Options.Publish): Expected;
}

export interface Expected {
  /** Its confirm is there: whether it had been returned. */
  confirmed(): boolean;
}

interface Pending {
  /** Of this id; the same one may be under way several times. */
  count: number;
  returned: number;
}

export function createReturns(channel: Channel): Returns {
  const pending = new Map<string, Pending>();

  channel.on('return', ({ properties }: Message) => {
    const found = pending.get(idOf(properties));
    if (found !== undefined) found.returned += 1;
  });

  return {
    expect(properties) {
      const id = idOf(properties);
      const mine = pending.get(id) ?? { count: 0, returned: 0 };
      mine.count += 1;
      pending.set(id, mine);
      return {
        confirmed() {
          mine.count -= 1;
          if (mine.count === 0) pending.delete(id);
          if (mine.returned === 0) return false;
          mine.returned -= 1;
          return true;
        },
      };
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
