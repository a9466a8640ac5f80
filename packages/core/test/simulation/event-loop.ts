import type { Clock } from '../../src/clock.ts';
import type { Random } from './random.ts';

/** A process of the simulation. Frozen, nothing of it ever happens again: that is what a crash is. */
export interface Process {
  readonly name: string;
  frozen: boolean;
  /** Timers of its clock that have neither fired nor been cancelled. */
  timers: number;
}

export interface EventLoop {
  readonly now: () => number;
  /** Events that have happened. */
  readonly count: () => number;
  /** Calls `action` after `delayMs`, unless its process is frozen by then. The result cancels it. */
  after(process: Process, delayMs: number, action: () => void): () => void;
  /** Calls `check` once the promise chains of this event have come to their end. */
  atEndOfTurn(check: () => void): void;
  clockOf(process: Process, random: Random): Clock;
  /** Lets time pass, one event at a time, until `enough` or one of the bounds. Every promise chain runs to its end first. */
  run(enough: () => boolean, bounds: RunBounds): Promise<RunEnd>;
}

export interface RunBounds {
  readonly untilMs: number;
  readonly maxEvents: number;
}

/** `idle`: nothing can happen any more. `late`: the time bound. `busy`: the event bound. */
export type RunEnd = 'enough' | 'idle' | 'late' | 'busy';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly process: Process;
  action: (() => void) | undefined;
}

/** Virtual time begins here, so that dates look like dates. */
export const epochMs = 1_800_000_000_000;

export function createProcess(name: string): Process {
  return { name, frozen: false, timers: 0 };
}

export function createEventLoop(): EventLoop {
  const heap: Event[] = [];
  let checks: (() => void)[] = [];
  let time = epochMs;
  let order = 0;
  let count = 0;

  function after(process: Process, delayMs: number, action: () => void): () => void {
    if (process.frozen) return () => undefined;
    const event: Event = { at: time + Math.max(0, delayMs), order: (order += 1), process, action };
    push(heap, event);
    return () => {
      event.action = undefined;
    };
  }

  function take(untilMs: number): Event | undefined | 'late' {
    for (let first = heap[0]; first !== undefined; first = heap[0]) {
      if (first.action === undefined || first.process.frozen) {
        pop(heap);
        continue;
      }
      if (first.at > untilMs) return 'late';
      pop(heap);
      return first;
    }
    return undefined;
  }

  function run(enough: () => boolean, bounds: RunBounds): Promise<RunEnd> {
    const last = count + bounds.maxEvents;
    return new Promise((resolve, reject) => {
      // Node empties the microtask queue between two immediates, so each event's promise chains end before the next.
      const step = (): void => {
        try {
          const end = advance(last, enough, bounds.untilMs);
          if (end === undefined) setImmediate(step);
          else resolve(end);
        } catch (error) {
          reject(error);
        }
      };
      setImmediate(step);
    });
  }

  function advance(last: number, enough: () => boolean, untilMs: number): RunEnd | undefined {
    if (checks.length > 0) {
      const due = checks;
      checks = [];
      for (const check of due) check();
    }
    if (enough()) return 'enough';
    if (count >= last) return 'busy';
    const event = take(untilMs);
    if (event === undefined) return 'idle';
    if (event === 'late') {
      time = Math.max(time, untilMs);
      return 'late';
    }
    count += 1;
    time = event.at;
    const { action } = event;
    event.action = undefined;
    action?.();
    return undefined;
  }

  return {
    now: () => time,
    count: () => count,
    after,
    atEndOfTurn(check) {
      checks.push(check);
    },
    clockOf: (process, random) => ({
      now: () => time,
      setTimer(callback, delayMs) {
        let set = true;
        const over = (): boolean => {
          if (!set) return false;
          set = false;
          process.timers -= 1;
          return true;
        };
        process.timers += 1;
        const cancel = after(process, delayMs, () => {
          if (over()) callback();
        });
        return () => {
          if (over()) cancel();
        };
      },
      random: () => random.next(),
    }),
    run,
  };
}

function isBefore(left: Event, right: Event): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Event;
    if (!isBefore(event, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event))
      child += 1;
    const below = heap[child] as Event;
    if (!isBefore(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}
