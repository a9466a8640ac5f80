import type { Clock } from '@intermodal/core/driver';

/** Sleepers that may be woken early. */
export interface Wakeable {
  /** Resolves after the time, at a call of `wake`, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  wake(): void;
}

export function createWakeable(clock: Clock): Wakeable {
  const sleepers = new Set<() => void>();
  return {
    sleep(ms, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const end = (): void => {
          sleepers.delete(end);
          cancel();
          signal.removeEventListener('abort', end);
          resolve();
        };
        const cancel = clock.setTimer(end, ms);
        sleepers.add(end);
        signal.addEventListener('abort', end, { once: true });
      });
    },
    wake() {
      for (const end of [...sleepers]) end();
    },
  };
}
