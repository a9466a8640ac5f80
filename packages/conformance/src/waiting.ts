import { type Clock, systemClock } from '@intermodal/core';
import type { Times, VirtualTime } from './harness.ts';

/** Waiting in one case: every wait is bounded, has a name, and goes by the clock of the transport. */
export interface Waiting {
  readonly clock: Clock;
  now(): number;
  wait(ms: number): Promise<void>;
  /** The value of `promise`; rejects with what was waited for when it takes too long. */
  within<T>(what: string, promise: PromiseLike<T>, ms?: number): Promise<T>;
  /** Resolves once `holds` is true; rejects with what was waited for, and with `detail()`, when it never is. */
  eventually(what: string, holds: () => boolean, detail?: () => string): Promise<void>;
  /** Resolves after a quiet period; rejects as soon as `happened` is true. */
  never(what: string, happened: () => boolean, ms?: number): Promise<void>;
  /** What is being waited for now: the answer to where a case hangs. */
  pending(): readonly string[];
  /** Stops moving the clock. */
  end(): Promise<void>;
}

const pollMs = 5;
/** Small beside every time in a case, so that hardly two timers of different moments run in one step. */
const stepMs = 2;

export function createWaiting(times: Times, time: VirtualTime | undefined): Waiting {
  const clock = time?.clock ?? systemClock;
  const waits = new Set<{ readonly what: string }>();
  const endPump = time === undefined ? undefined : startPump(time);

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      clock.setTimer(resolve, ms);
    });
  }

  async function named<T>(what: string, body: () => Promise<T>): Promise<T> {
    const entry = { what };
    waits.add(entry);
    try {
      return await body();
    } finally {
      waits.delete(entry);
    }
  }

  function within<T>(what: string, promise: PromiseLike<T>, ms = times.withinMs): Promise<T> {
    const bounded = named(what, async () => {
      let cancel = (): void => undefined;
      const late = new Promise<never>((_, reject) => {
        cancel = clock.setTimer(() => {
          reject(new Error(`waited ${ms} ms for ${what}`));
        }, ms);
      });
      try {
        return await Promise.race([promise, late]);
      } finally {
        cancel();
      }
    });
    // A case that failed elsewhere no longer listens, and that must not end the process.
    bounded.catch(() => undefined);
    return bounded;
  }

  return {
    clock,
    now: () => clock.now(),
    wait: (ms) => named(`${ms} ms to pass`, () => sleep(ms)),
    within,
    eventually: (what, holds, detail) =>
      named(what, async () => {
        const until = clock.now() + times.withinMs;
        while (!holds()) {
          if (clock.now() >= until) {
            throw new Error(
              `waited ${times.withinMs} ms until ${what}${detail === undefined ? '' : `: ${detail()}`}`,
            );
          }
          await sleep(pollMs);
        }
      }),
    never: (what, happened, ms = times.quietMs) =>
      named(`a quiet period, in which ${what} must not be`, async () => {
        const until = clock.now() + ms;
        for (;;) {
          if (happened()) throw new Error(`${what}, which must not be`);
          if (clock.now() >= until) return;
          await sleep(pollMs);
        }
      }),
    pending: () => [...waits].map((entry) => entry.what),
    end: async () => {
      await endPump?.();
    },
  };
}

/** Moves a virtual clock on whenever the process has nothing else to do. */
function startPump(time: VirtualTime): () => Promise<void> {
  const ended = new AbortController();
  const pumping = pump(time, ended.signal);
  return async () => {
    ended.abort();
    await pumping;
  };
}

async function pump(time: VirtualTime, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    // What has been resolved must be able to run before time goes on.
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    await time.advance(stepMs);
  }
}
