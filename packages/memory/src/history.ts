import { IntermodalError, type StartPosition } from '@intermodal/core/driver';
import type { Stored } from './message.ts';

/** The last messages of a channel or shard, each at an offset that stays its own. */
export interface History {
  /** Offset of the oldest that is kept. */
  readonly start: number;
  /** Offset of the next to come. */
  readonly end: number;
  push(stored: Stored): void;
  at(offset: number): Stored | undefined;
  all(): readonly Stored[];
  /** Offset of the first that `from` asks for; `end` where none does. */
  find(from: StartPosition): number;
  /** Forgets what is older than `offset`. */
  trim(offset: number): void;
}

export function createHistory(): History {
  let kept: Stored[] = [];
  let start = 0;
  return {
    get start() {
      return start;
    },
    get end() {
      return start + kept.length;
    },
    push(stored) {
      kept.push(stored);
    },
    at: (offset) => kept[offset - start],
    all: () => kept,
    find(from) {
      const index = kept.findIndex(isFrom(from));
      return start + (index < 0 ? kept.length : index);
    },
    trim(offset) {
      kept = kept.slice(Math.max(0, offset - start));
      start = Math.max(start, offset);
    },
  };
}

/** Whether a group that starts at `from` gets a message that the broker has already. @throws `invalid-argument` */
export function isFrom(from: StartPosition): (stored: Stored) => boolean {
  if (from === 'earliest') return () => true;
  if (from === 'latest') return () => false;
  if (from instanceof Date) return (stored) => stored.arrivedAt >= from.getTime();
  const sequence = Number(from.position);
  if (/^\d+$/.test(from.position)) return (stored) => stored.sequence >= sequence;
  throw new IntermodalError(
    'invalid-argument',
    `'${from.position}' is not a position: pass one that a delivery had`,
  );
}
