import type { Clock, WireDelivery } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';

/** Longest that a receive stays open with nothing to bring. */
export const maxWaitMs = 20_000;

/** Receives that found nothing, in the order in which they came. */
export interface Waiting {
  readonly size: number;
  /** Takes now, or as soon as there is something; nothing once `stop` aborts or the wait is over. */
  receive(
    take: () => readonly WireDelivery[],
    stop: AbortSignal,
    connection: Connection,
  ): Promise<readonly WireDelivery[]>;
  /** Lets them take, until one finds nothing. */
  readonly wake: () => void;
}

export function createWaiting(clock: Clock, onChange: () => void): Waiting {
  const waiters = new Set<() => boolean>();

  function wait(
    take: () => readonly WireDelivery[],
    stop: AbortSignal,
    connection: Connection,
  ): Promise<readonly WireDelivery[]> {
    return new Promise((resolve, reject) => {
      const end = (deliveries: readonly WireDelivery[]): void => {
        leave();
        resolve(deliveries);
      };
      const tryAgain = (): boolean => {
        const deliveries = take();
        if (deliveries.length > 0) end(deliveries);
        return deliveries.length > 0;
      };
      const onStop = (): void => {
        end([]);
      };
      const onEnd = (error: Error | undefined): void => {
        leave();
        if (error === undefined) resolve([]);
        else reject(error);
      };
      const cancelTimer = clock.setTimer(onStop, maxWaitMs);
      function leave(): void {
        cancelTimer();
        stop.removeEventListener('abort', onStop);
        connection.waits.delete(onEnd);
        waiters.delete(tryAgain);
        onChange();
      }
      stop.addEventListener('abort', onStop);
      connection.waits.add(onEnd);
      waiters.add(tryAgain);
      onChange();
    });
  }

  return {
    get size() {
      return waiters.size;
    },
    receive(take, stop, connection) {
      if (connection.over !== undefined) return Promise.reject(connection.over);
      const deliveries = stop.aborted ? [] : take();
      if (deliveries.length > 0 || stop.aborted) return Promise.resolve(deliveries);
      return wait(take, stop, connection);
    },
    wake() {
      for (const tryAgain of waiters) if (!tryAgain()) return;
    },
  };
}
