import type { Clock } from '@intermodal/core/driver';

/** How the life of a connection ended: before 5 a broker that lets another one take the session over only closes it. */
export type End = 'taken-over' | 'closed' | 'other';

/**
 * Tells whether another client with the same client id takes the session over again and again. MQTT lets the last one
 * win, so that two members would push each other out without end.
 */
export interface Membership {
  opened(): void;
  /** An open failed: the broker is not well, and closed connections are not another member's doing. */
  failed(): void;
  /** Whether it should be given up. */
  ended(how: End): boolean;
}

// A connection that lived this long is settled: the next loss is counted anew.
const settledAfterMs = 5_000;
// Losses in a row. Who was there first has more patience, so that the newcomer is the one who gives up.
const most = { newcomer: 5, settled: 12 } as const;

export function watchMembership(clock: Clock): Membership {
  let openedAt: number | undefined;
  let isSettled = false;
  let losses = 0;

  return {
    opened() {
      openedAt = clock.now();
    },
    failed() {
      losses = 0;
    },
    ended(how) {
      if (openedAt === undefined) return false;
      const hasLived = clock.now() - openedAt >= settledAfterMs;
      openedAt = undefined;
      if (hasLived) {
        isSettled = true;
        losses = 0;
      }
      if (how === 'other') {
        losses = 0;
        return false;
      }
      losses += 1;
      return losses >= most[isSettled ? 'settled' : 'newcomer'];
    },
  };
}
