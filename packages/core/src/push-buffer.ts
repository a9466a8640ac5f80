import type { WireDelivery } from './driver.ts';

export interface PushBufferOptions {
  /**
   * Called once for each signal given to `receive`, when it aborts, also while no `receive` is under way: what a broker
   * goes on pushing to a receiver that does not want it, it withholds from the others.
   */
  readonly onStop?: () => void;
}

/** What a broker has pushed and no `receive` has taken. It has no bound of its own: prefetch or credit is one. */
export interface PushBuffer {
  readonly length: number;
  push(delivery: WireDelivery): void;
  /** Puts one back before the first that `isLater`. */
  putBack(delivery: WireDelivery, isLater: (other: WireDelivery) => boolean): void;
  /** Resolves with what is there, else with what is pushed next, or with nothing when `stop` aborts or after `end`. */
  receive(max: number, stop: AbortSignal): Promise<readonly WireDelivery[]>;
  /** Empties it, in order. */
  takeAll(): readonly WireDelivery[];
  /** When the connection has died: forgets everything, and who waits gets nothing. */
  end(): void;
}

interface Taker {
  readonly max: number;
  readonly resolve: (deliveries: readonly WireDelivery[]) => void;
}

/** Between a broker that pushes and core, which receives. */
export function createPushBuffer(options: PushBufferOptions = {}): PushBuffer {
  const onStop = options.onStop ?? (() => undefined);
  const takers: Taker[] = [];
  let pushed: WireDelivery[] = [];
  let isScheduled = false;
  let hasEnded = false;
  let watched: AbortSignal | undefined;

  function schedule(): void {
    if (isScheduled || takers.length === 0) return;
    isScheduled = true;
    // What comes in one read of the socket is handed out together.
    queueMicrotask(hand);
  }

  function hand(): void {
    isScheduled = false;
    while (pushed.length > 0) {
      const taker = takers.shift();
      if (taker === undefined) return;
      taker.resolve(take(taker.max));
    }
  }

  function take(max: number): readonly WireDelivery[] {
    const taken = pushed;
    pushed = taken.length <= max ? [] : taken.slice(max);
    return taken.length <= max ? taken : taken.slice(0, max);
  }

  function watch(stop: AbortSignal | undefined): void {
    if (stop === watched) return;
    watched?.removeEventListener('abort', onStop);
    watched = stop;
    stop?.addEventListener('abort', onStop, { once: true });
  }

  return {
    get length() {
      return pushed.length;
    },
    push(delivery) {
      pushed.push(delivery);
      schedule();
    },
    putBack(delivery, isLater) {
      const index = pushed.findIndex(isLater);
      pushed.splice(index === -1 ? pushed.length : index, 0, delivery);
      schedule();
    },
    receive(max, stop) {
      if (hasEnded || stop.aborted) return Promise.resolve([]);
      watch(stop);
      if (pushed.length > 0) return Promise.resolve(take(max));
      return new Promise((resolve) => {
        const giveUp = (): void => {
          const index = takers.indexOf(taker);
          if (index !== -1) takers.splice(index, 1);
          resolve([]);
        };
        const taker: Taker = {
          max,
          resolve(deliveries) {
            stop.removeEventListener('abort', giveUp);
            resolve(deliveries);
          },
        };
        takers.push(taker);
        stop.addEventListener('abort', giveUp, { once: true });
      });
    },
    takeAll: () => take(Number.POSITIVE_INFINITY),
    end() {
      hasEnded = true;
      watch(undefined);
      pushed = [];
      for (const taker of takers.splice(0)) taker.resolve([]);
    },
  };
}
