import type { Clock } from './clock.ts';

/** Something that is due at a time; embedded in the record it belongs to, so that setting one allocates nothing. */
export interface Timer {
  /** Given the timer, so that all records of a kind share one function. */
  onDue: (due: Timer) => void;
  /** The wheel's own: the bucket and its neighbours there. */
  bucket: Bucket | undefined;
  earlier: Timer | undefined;
  later: Timer | undefined;
}

interface Bucket {
  readonly tick: number;
  first: Timer | undefined;
}

export interface Wheel {
  readonly clock: Clock;
  /** Moves a timer that is already set. It fires at `due` (clock time) or up to one tick later, never before. */
  set(timer: Timer, due: number): void;
  cancel(timer: Timer | undefined): void;
  /** Fires nothing more. */
  close(): void;
}

const tickMs = 10;
// Longer delays overflow the system's timers, which then fire at once.
const longestSleepMs = 2 ** 30;

export function timer(onDue: Timer['onDue']): Timer {
  return { onDue, bucket: undefined, earlier: undefined, later: undefined };
}

/**
 * All timers of a client behind one timer of the clock: timers due within the same tick share a bucket, so setting and
 * cancelling are a few pointer moves, whatever their number.
 */
export function createWheel(clock: Clock): Wheel {
  const buckets = new Map<number, Bucket>();
  const ticks: number[] = []; // a binary heap of the keys of `buckets`
  let count = 0;
  let wake: (() => void) | undefined;
  let wakeAt = Infinity;
  let closed = false;

  function set(target: Timer, due: number): void {
    if (target.bucket !== undefined) unlink(target);
    if (closed) return;
    const tick = Math.ceil(due / tickMs);
    let bucket = buckets.get(tick);
    if (bucket === undefined) {
      bucket = { tick, first: undefined };
      buckets.set(tick, bucket);
      heapPush(ticks, tick);
    }
    target.bucket = bucket;
    target.earlier = undefined;
    target.later = bucket.first;
    if (bucket.first !== undefined) bucket.first.earlier = target;
    bucket.first = target;
    count += 1;
    if (tick * tickMs < wakeAt) arm();
  }

  function unlink(target: Timer): void {
    const bucket = target.bucket;
    if (bucket === undefined) return;
    if (target.earlier === undefined) bucket.first = target.later;
    else target.earlier.later = target.later;
    if (target.later !== undefined) target.later.earlier = target.earlier;
    target.bucket = undefined;
    target.earlier = undefined;
    target.later = undefined;
    count -= 1;
    if (count === 0) sleep();
  }

  /** A wheel without timers must not keep the process alive. */
  function sleep(): void {
    wake?.();
    wake = undefined;
    wakeAt = Infinity;
    buckets.clear();
    ticks.length = 0;
  }

  function arm(): void {
    const tick = ticks[0];
    if (tick === undefined) return;
    const now = clock.now();
    const at = Math.min(tick * tickMs, now + longestSleepMs);
    if (wake !== undefined && at >= wakeAt) return;
    wake?.();
    wakeAt = at;
    wake = clock.setTimer(fire, Math.max(0, at - now));
  }

  function fire(): void {
    wake = undefined;
    wakeAt = Infinity;
    const now = clock.now();
    for (let tick = ticks[0]; tick !== undefined && tick * tickMs <= now; tick = ticks[0]) {
      heapPop(ticks);
      const bucket = buckets.get(tick);
      buckets.delete(tick);
      // What a timer does may set or cancel others of its bucket.
      for (let due = bucket?.first; due !== undefined; due = bucket?.first) {
        unlink(due);
        due.onDue(due);
      }
    }
    if (count > 0) arm();
  }

  function close(): void {
    closed = true;
    for (const bucket of buckets.values()) while (bucket.first !== undefined) unlink(bucket.first);
    sleep();
  }

  return {
    clock,
    set,
    cancel(target) {
      if (target !== undefined) unlink(target);
    },
    close,
  };
}

function heapPush(heap: number[], value: number): void {
  let index = heap.push(value) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] ?? -Infinity;
    if (above <= value) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = value;
}

function heapPop(heap: number[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if ((heap[child + 1] ?? Infinity) < (heap[child] ?? Infinity)) child += 1;
    const below = heap[child] ?? Infinity;
    if (below >= last) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}
