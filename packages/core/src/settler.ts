import { backoffMs } from './backoff.ts';
import type { Receiver, Settlement, SettleOutcome } from './driver.ts';
import { IntermodalError } from './error.ts';
import { createLinkedSet, type Member } from './linked-set.ts';
import { timer, type Timer, type Wheel } from './wheel.ts';

/** Hears what became of a settlement; `subject` is what it was added with, so that no closure is made for each. */
export type Settled<S> = (outcome: SettleOutcome, subject: S) => void;

interface Entry extends Member<Entry> {
  readonly settlement: Settlement;
  readonly done: Settled<unknown>;
  readonly subject: unknown;
  failures: number;
  answered: boolean;
}

/** Settlements of one receiver, in batches, each tried again while the broker only hesitates. */
export interface Settler {
  /** `urgent` sends at the end of this turn instead of waiting for company. */
  add<S>(settlement: Settlement, urgent: boolean, done: Settled<S>, subject: S): void;
  /** These together and in this order, after what was added before. */
  addInOrder(entries: readonly (readonly [Settlement, (outcome: SettleOutcome) => void])[]): void;
  /** Sends what waits for company. */
  flush(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** The receiver is dead: everything under way is lost. */
  kill(): void;
}

const firstRetryMs = 50;
const maxRetryMs = 2_000;
const maxTries = 6;

function createEntry(settlement: Settlement, done: Settled<unknown>, subject: unknown): Entry {
  return {
    settlement,
    done,
    subject,
    failures: 0,
    answered: false,
    before: undefined,
    after: undefined,
    listed: false,
  };
}

export function createSettler(receiver: Receiver, wheel: Wheel, timeoutMs: number): Settler {
  const { limits } = receiver;
  const { clock } = wheel;
  let queue: Entry[] = [];
  const open = createLinkedSet<Entry>();
  const retries = new Set<Timer>();
  const calls = new Set<AbortController>();
  const idleWaiters = new Set<() => void>();
  let scheduled = false;
  let dead = false;
  const linger = timer(flush);

  function add<S>(settlement: Settlement, urgent: boolean, done: Settled<S>, subject: S): void {
    if (dead) {
      done('lost', subject);
      return;
    }
    const entry = createEntry(settlement, done as Settled<unknown>, subject);
    open.add(entry);
    queue.push(entry);
    if (queue.length >= limits.maxPerSettle) flush();
    else if (urgent || limits.settleLingerMs === 0) schedule();
    else if (queue.length === 1) wheel.set(linger, clock.now() + limits.settleLingerMs);
  }

  function addInOrder(
    entries: readonly (readonly [Settlement, (outcome: SettleOutcome) => void])[],
  ): void {
    flush();
    const made = entries.map(([settlement, done]) => createEntry(settlement, done, undefined));
    for (const entry of made) {
      if (dead) answer(entry, 'lost');
      else open.add(entry);
    }
    if (!dead) void inOrder(made);
  }

  async function inOrder(entries: readonly Entry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += limits.maxPerSettle) {
      await call(entries.slice(from, from + limits.maxPerSettle));
    }
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      flush();
    });
  }

  function flush(): void {
    if (queue.length === 0) return;
    wheel.cancel(linger);
    const entries = queue;
    queue = [];
    if (entries.length <= limits.maxPerSettle) void call(entries);
    else
      for (let from = 0; from < entries.length; from += limits.maxPerSettle)
        void call(entries.slice(from, from + limits.maxPerSettle));
  }

  function call(entries: readonly Entry[]): Promise<void> {
    if (dead) return Promise.resolve();
    const controller = new AbortController();
    calls.add(controller);
    return new Promise((resolve) => {
      let over = false;
      const end = (outcomes: readonly SettleOutcome[] | undefined, error?: unknown): void => {
        if (over) return;
        over = true;
        wheel.cancel(tooSlow);
        calls.delete(controller);
        let index = 0;
        for (const entry of entries) {
          const outcome = outcomes?.[index] ?? {
            failed: IntermodalError.from(error, { code: 'unknown', retryable: true }),
          };
          index += 1;
          onOutcome(entry, outcome);
        }
        resolve();
      };
      const tooSlow = timer(() => {
        const error = new IntermodalError(
          'timeout',
          `no answer to a settlement within ${timeoutMs} ms`,
          { retryable: true },
        );
        controller.abort(error);
        end(undefined, error);
      });
      wheel.set(tooSlow, clock.now() + timeoutMs);
      receiver
        .settle(
          entries.map((entry) => entry.settlement),
          controller.signal,
        )
        .then(end, (error: unknown) => {
          end(undefined, error);
        });
    });
  }

  function onOutcome(entry: Entry, outcome: SettleOutcome): void {
    if (entry.answered) return;
    if (
      typeof outcome === 'string' ||
      !outcome.failed.retryable ||
      entry.failures + 1 >= maxTries
    ) {
      answer(entry, outcome);
      return;
    }
    entry.failures += 1;
    const again = timer(() => {
      retries.delete(again);
      queue.push(entry);
      schedule();
    });
    retries.add(again);
    wheel.set(again, clock.now() + backoffMs(clock, entry.failures, firstRetryMs, maxRetryMs));
  }

  function answer(entry: Entry, outcome: SettleOutcome): void {
    if (entry.answered) return;
    entry.answered = true;
    open.delete(entry);
    entry.done(outcome, entry.subject);
    if (open.size === 0) {
      for (const resolve of idleWaiters) resolve();
      idleWaiters.clear();
    }
  }

  return {
    add,
    addInOrder,
    flush,
    idle() {
      if (open.size === 0) return Promise.resolve();
      return new Promise((resolve) => idleWaiters.add(resolve));
    },
    kill() {
      dead = true;
      queue = [];
      wheel.cancel(linger);
      for (const again of retries) wheel.cancel(again);
      retries.clear();
      for (const controller of calls)
        controller.abort(new IntermodalError('closed', 'the receiver is gone'));
      for (const entry of open) answer(entry, 'lost');
    },
  };
}
