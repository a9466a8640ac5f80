import type { Clock, WireDelivery } from '@intermodal/core/driver';

/** Those who wait for messages, and whether they have seen what came. */
export interface News {
  /** What `take` brings, as soon as it brings something. */
  receive(
    take: () => readonly WireDelivery[],
    waitMs: number,
    stop: AbortSignal,
  ): Promise<readonly WireDelivery[]>;
  readonly wake: () => void;
  /** Resolves when the last batch has been seen by whoever received it. */
  seen(): Promise<void>;
  /** Nobody waits any more. */
  end(): void;
}

export function createNews(clock: Clock): News {
  const waiting = new Set<() => void>();
  let ended = false;
  let whenSeen = Promise.resolve();
  let markSeen: (() => void) | undefined;

  /** A batch is seen when the next is asked for, or, if there is no room for one, when its turn must be over. */
  function expectSeen(): void {
    whenSeen = new Promise((resolve) => {
      const cancel = clock.setTimer(resolve, 0);
      markSeen = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    receive(take, waitMs, stop) {
      markSeen?.();
      return new Promise((resolve) => {
        const finish = (deliveries: readonly WireDelivery[]): void => {
          waiting.delete(look);
          cancel();
          stop.removeEventListener('abort', onStop);
          if (deliveries.length > 0) expectSeen();
          resolve(deliveries);
        };
        const onStop = (): void => {
          finish([]);
        };
        const look = (): void => {
          const deliveries = ended || stop.aborted ? [] : take();
          if (deliveries.length > 0 || ended || stop.aborted) finish(deliveries);
        };
        const cancel = clock.setTimer(onStop, waitMs);
        stop.addEventListener('abort', onStop, { once: true });
        waiting.add(look);
        look();
      });
    },
    wake() {
      for (const look of [...waiting]) look();
    },
    seen: () => whenSeen,
    end() {
      ended = true;
      for (const look of [...waiting]) look();
    },
  };
}
