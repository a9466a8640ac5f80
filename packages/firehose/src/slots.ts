/** Room for so many at once; whoever comes first is served first. */
export interface Slots {
  /** Resolves with true when there is room, and with false when `stop` aborts before. */
  take(stop: AbortSignal): Promise<boolean>;
  free(): void;
}

export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let left = count;

  return {
    take(stop) {
      if (stop.aborted) return Promise.resolve(false);
      if (left > 0) {
        left -= 1;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const end = (taken: boolean): void => {
          waiting.delete(onTurn);
          stop.removeEventListener('abort', onStop);
          resolve(taken);
        };
        const onTurn = (): void => {
          end(true);
        };
        const onStop = (): void => {
          end(false);
        };
        waiting.add(onTurn);
        stop.addEventListener('abort', onStop, { once: true });
      });
    },
    free() {
      const [next] = waiting;
      if (next === undefined) left += 1;
      else next();
    },
  };
}

/** Runs `work` for each index below `count`, as many at once as the slots have room for. */
export async function eachInSlots(
  count: number,
  most: number,
  slots: Slots,
  stop: AbortSignal,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;

  async function worker(): Promise<void> {
    while (next < count && (await slots.take(stop))) {
      if (next >= count) {
        slots.free();
        return;
      }
      const index = next;
      next += 1;
      try {
        await work(index);
      } finally {
        slots.free();
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(count, most) }, worker));
}
