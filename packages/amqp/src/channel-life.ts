import type { IntermodalError } from '@intermodal/core/driver';
import type { Channel } from 'amqplib';
import type { Connection } from './connection.ts';
import { mapError, type Place } from './map-error.ts';

/** One channel's life, which is the life of a sender or receiver: whatever closes it, nothing of it holds any more. */
export interface ChannelLife {
  /** Resolves when it is gone: with the error, or with nothing after `close`. */
  readonly dead: Promise<IntermodalError | undefined>;
  /** From the moment in which the channel is invalid, before amqplib answers what was under way. */
  readonly over: boolean;
  /** Ends it for a reason that the channel does not know. */
  fail(error: IntermodalError): void;
  /** Resolves when the broker has let go of the channel, or cannot be asked; at once where `signal` is aborted. */
  close(signal: AbortSignal): Promise<boolean>;
}

export function watchChannel(connection: Connection, channel: Channel, place: Place): ChannelLife {
  let over = false;
  let cause: unknown;
  let closing: Promise<boolean> | undefined;
  let settle: (error: IntermodalError | undefined) => void;
  let answered = (_done: boolean): void => undefined;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });

  channel.on('error', (error: Error) => {
    cause = error;
  });
  // Before amqplib's own, which answers what is under way with an error that does not say why.
  channel.prependListener('close', () => {
    over = true;
  });
  channel.on('close', () => {
    answered(true);
    // A channel is told before its connection why both are gone.
    queueMicrotask(() => {
      if (closing !== undefined) settle(undefined);
      else settle(mapError(cause ?? connection.over ?? new Error('Channel closed'), place));
    });
  });

  function askToClose(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const onAbort = (): void => {
        answered(false);
      };
      answered = (done) => {
        signal.removeEventListener('abort', onAbort);
        resolve(done);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      // Its promise stays open for ever where the connection dies first.
      channel.close().catch(() => {
        answered(true);
      });
      if (signal.aborted) answered(false);
    });
  }

  return {
    dead,
    get over() {
      return over || closing !== undefined;
    },
    fail(error) {
      over = true;
      settle(error);
      channel.close().catch(() => undefined);
    },
    close(signal) {
      if (over) return Promise.resolve(true);
      closing ??= askToClose(signal).then((done) => {
        settle(undefined);
        return done;
      });
      return closing;
    },
  };
}
