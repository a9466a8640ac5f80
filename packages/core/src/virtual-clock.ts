import type { Clock } from './clock.ts';
import { IntermodalError } from './error.ts';

export interface VirtualClockOptions {
  /** Milliseconds since the epoch. @defaultValue 2026-01-01T00:00:00Z */
  readonly now?: number;
  /** Same seed, same `random()` sequence. @defaultValue 1 */
  readonly seed?: number;
}

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /** Timers that were set and have neither run nor been cancelled. */
  readonly pending: number;
  /**
   * Moves time on, running what falls due in order of time, then of setting. Between two timers and at the end it lets
   * every promise chain settle that needs no input from outside. Overlapping calls run one after the other.
   *
   * @throws `invalid-argument` for less than 0; what a timer throws; `timeout` when timers at one instant go on setting
   * timers for the same instant
   */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

const maxTimersAtOneInstant = 100_000;

// Taken now, so that a test which replaces the global timers does not stop this clock.
const { setImmediate } = globalThis;

export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const timers: Timer[] = []; // a binary heap: the next due first
  let now = options.now ?? Date.UTC(2026, 0, 1);
  let set = 0;
  let pending = 0;
  let queue: Promise<void> = Promise.resolve();

  function setTimer(callback: () => void, delayMs: number): () => void {
    const timer: Timer = { due: now + (delayMs > 0 ? delayMs : 0), order: set, callback };
    set += 1;
    pending += 1;
    push(timers, timer);
    return () => {
      take(timer);
    };
  }

  function take(timer: Timer): (() => void) | undefined {
    const { callback } = timer;
    if (callback !== undefined) pending -= 1;
    timer.callback = undefined;
    return callback;
  }

  async function moveTo(target: number): Promise<void> {
    await settle();
    let atThisInstant = 0;
    for (let timer = timers[0]; timer !== undefined && timer.due <= target; timer = timers[0]) {
      pop(timers);
      const callback = take(timer);
      if (callback === undefined) continue;
      atThisInstant = timer.due > now ? 1 : atThisInstant + 1;
      if (atThisInstant > maxTimersAtOneInstant) throw stuck();
      now = Math.max(now, timer.due);
      callback();
      await settle();
    }
    now = target;
  }

  return {
    now: () => now,
    setTimer,
    random: createRandom(options.seed ?? 1),
    get pending() {
      return pending;
    },
    advance(ms) {
      if (!(ms >= 0 && Number.isFinite(ms))) {
        return Promise.reject(
          new IntermodalError(
            'invalid-argument',
            `a clock moves by 0 or more milliseconds, not ${ms}`,
          ),
        );
      }
      const moved = queue.then(async () => moveTo(now + ms));
      queue = moved.catch(() => undefined);
      return moved;
    },
  };
}

function stuck(): IntermodalError {
  const text = `more than ${maxTimersAtOneInstant} timers ran at one instant: they set each other without a delay`;
  return new IntermodalError('timeout', text);
}

/** A turn of the event loop: by then every microtask has run, and those that they queued. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Marsaglia's xorshift with shifts 13, 17, 5: a period of 2^32 - 1, and the same numbers on every machine. */
function createRandom(seed: number): () => number {
  // Zero is the one state that xorshift never leaves; the multiplication parts seeds that lie side by side.
  let state = Math.imul((seed | 0) + 1, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}

function push(heap: Timer[], timer: Timer): void {
  let index = heap.push(timer) - 1;
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || isBefore(parent, timer)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const childIndex = firstChild(heap, index);
    const child = heap[childIndex];
    if (child === undefined || isBefore(last, child)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
}

function firstChild(heap: readonly Timer[], index: number): number {
  const left = heap[index * 2 + 1];
  const right = heap[index * 2 + 2];
  return left !== undefined && right !== undefined && isBefore(right, left)
    ? index * 2 + 2
    : index * 2 + 1;
}
