import type { Lease } from './lease.ts';

interface Observed {
  readonly counter: number;
  readonly leaving: string | undefined;
  /** Whole intervals since the counter changed. */
  readonly unchanged: number;
  /** Whole intervals since its owner began to wait for the one before. */
  readonly waited: number;
}

/**
 * Who has not been heard of for how long, counted in intervals between looks: no clock is read, and none is compared with
 * another machine's.
 */
export interface Silence {
  /** @param wholeInterval at least one interval has passed since the last look of this kind */
  look(leases: readonly Lease[], wholeInterval: 'passed' | 'not-passed'): void;
  isSilent(lease: Lease): boolean;
  isOverdue(lease: Lease): boolean;
}

/** @param silentAfter and `overdueAfter`: whole intervals */
export function createSilence(silentAfter: number, overdueAfter: number): Silence {
  let observed = new Map<string, Observed>();

  return {
    look(leases, wholeInterval) {
      const step = wholeInterval === 'passed' ? 1 : 0;
      // What is new at a look in between has not been seen for a whole interval at the next one.
      const first = step - 1;
      const next = new Map<string, Observed>();
      for (const { shardId, counter, leaving } of leases) {
        const before = observed.get(shardId);
        const isSame = before?.counter === counter;
        const isWaiting = leaving !== undefined && before?.leaving === leaving;
        next.set(shardId, {
          counter,
          leaving,
          unchanged: isSame ? before.unchanged + step : first,
          waited: isWaiting ? before.waited + step : first,
        });
      }
      observed = next;
    },
    isSilent: ({ shardId }) => (observed.get(shardId)?.unchanged ?? 0) >= silentAfter,
    isOverdue: ({ shardId }) => (observed.get(shardId)?.waited ?? 0) >= overdueAfter,
  };
}
