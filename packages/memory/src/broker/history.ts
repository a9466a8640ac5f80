import { IntermodalError, type StartPosition } from '@intermodal/core/driver';
import type { Stored } from '../message.ts';

/** The last messages of a channel or shard, each at an offset that stays its own. */
export interface History {
  /** Offset of the next to come. */
  readonly end: number;
  readonly size: number;
  push(stored: Stored): void;
  at(offset: number): Stored | undefined;
  all(): readonly Stored[];
  /** Offset of the first that a group starting at `from` gets; `end` where there is none yet. */
  find(from: StartPosition): number;
  /** Forgets what is older than `offset`. */
  trim(offset: number): void;
}

export function createHistory(): History {
  let kept: Stored[] = [];
  let start = 0;
  return {
    get end() {
      return start + kept.length;
    },
    get size() {
      return kept.length;
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
      const count = Math.max(0, Math.min(offset - start, kept.length));
      kept = kept.slice(count);
      start += count;
    },
  };
}

/** Whether a group that starts at `from` gets a message that is there already. @throws `invalid-argument` */
export function isFrom(from: StartPosition): (stored: Stored) => boolean {
  if (from === 'earliest') return () => true;
  if (from === 'latest') return () => false;
  if (from instanceof Date) return (stored) => stored.arrivedAt >= from.getTime();
  const sequence = Number(from.position);
  if (/^\d+$/.test(from.position)) return (stored) => stored.sequence >= sequence;
  const text = `'${from.position}' is not a position: pass one that a delivery had`;
  throw new IntermodalError('invalid-argument', text, { transport: 'memory' });
}
