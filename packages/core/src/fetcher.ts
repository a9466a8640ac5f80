import { backoffMs } from './backoff.ts';
import type { ReceiveLimits, Receiver, WireDelivery } from './driver.ts';
import { IntermodalError } from './error.ts';
import { timer, type Wheel } from './wheel.ts';

export interface FetcherOptions {
  readonly wheel: Wheel;
  readonly prefetch: number;
  /** Deliveries held now. */
  readonly held: () => number;
  readonly onDeliveries: (receiver: Receiver, deliveries: readonly WireDelivery[]) => void;
  /** A receive failed in a way that trying again does not mend. */
  readonly onFatal: (error: IntermodalError) => void;
}

/** Receives by credit: never more than fits, and only when a useful number of slots is free. */
export interface Fetcher {
  /** Something changed: a slot is free, or the receiver is there. */
  fill(): void;
  use(receiver: Receiver | undefined): void;
  pause(): void;
  resume(): void;
  /** Ends the receives under way; resolves when they have. */
  stop(): Promise<void>;
}

// A few free slots wait this long for more, so that requests stay full; a single one is used then. Where a request costs,
// which its receiver says by letting settlements wait for company, handlers of some ten milliseconds fill it meanwhile.
const trickleMs = 10;
const trickleLingers = 10;
const firstRetryMs = 100;
const maxRetryMs = 10_000;

export function createFetcher(options: FetcherOptions): Fetcher {
  const { wheel, prefetch } = options;
  const { clock } = wheel;
  let receiver: Receiver | undefined;
  /** Of the current receiver: one that died may never answer, and its credit must not be lost with it. */
  let credit = { requested: 0, receives: 0 };
  /** Receives that may be under way: more only while they come back full, so that an idle queue costs one poll. */
  let parallel = 1;
  let failures = 0;
  let blockedUntil = 0;
  let paused = false;
  let stopped = false;
  let trickleDue = false;
  let stopper = new AbortController();
  const idle: (() => void)[] = [];
  const trickle = timer(() => {
    trickleDue = true;
    fill();
    trickleDue = false;
  });
  const unblock = timer(fill);

  function fill(): void {
    if (receiver === undefined || paused || stopped) return;
    const { limits } = receiver;
    const useful = Math.min(limits.maxPerReceive, Math.max(1, prefetch >> 1));
    while (credit.receives < Math.min(parallel, limits.maxConcurrentReceives)) {
      const free = prefetch - options.held() - credit.requested;
      if (free <= 0) return;
      if (blockedUntil > 0 && clock.now() < blockedUntil) {
        wheel.set(unblock, blockedUntil);
        return;
      }
      if (free < useful && !trickleDue) {
        if (credit.receives === 0 && trickle.bucket === undefined)
          wheel.set(trickle, clock.now() + trickleWait(limits));
        return;
      }
      receive(receiver, Math.min(free, limits.maxPerReceive));
    }
  }

  function receive(from: Receiver, max: number): void {
    const mine = credit;
    wheel.cancel(trickle); // its time begins anew with what this one leaves free
    mine.requested += max;
    mine.receives += 1;
    from.receive(max, stopper.signal).then(
      (deliveries) => {
        mine.requested -= max;
        mine.receives -= 1;
        failures = 0;
        if (deliveries.length >= max)
          parallel = Math.min(parallel + 1, from.limits.maxConcurrentReceives);
        else if (deliveries.length * 2 < max) parallel = Math.max(1, parallel - 1);
        if (deliveries.length > 0) options.onDeliveries(from, deliveries);
        ended();
      },
      (cause: unknown) => {
        mine.requested -= max;
        mine.receives -= 1;
        const error = IntermodalError.from(cause);
        if (!stopped && from === receiver) {
          if (!error.retryable) options.onFatal(error);
          failures += 1;
          parallel = 1;
          blockedUntil = clock.now() + backoffMs(clock, failures, firstRetryMs, maxRetryMs);
        }
        ended();
      },
    );
  }

  function ended(): void {
    if (credit.receives === 0) for (const resolve of idle.splice(0)) resolve();
    fill();
  }

  return {
    fill,
    use(next) {
      receiver = next;
      credit = { requested: 0, receives: 0 };
      parallel = 1;
      blockedUntil = 0;
      if (next === undefined) ended();
      else fill();
    },
    pause() {
      paused = true;
      stopper.abort();
      stopper = new AbortController();
      wheel.cancel(trickle);
    },
    resume() {
      paused = false;
      fill();
    },
    stop() {
      stopped = true;
      stopper.abort();
      wheel.cancel(trickle);
      wheel.cancel(unblock);
      if (credit.receives === 0) return Promise.resolve();
      return new Promise((resolve) => idle.push(resolve));
    },
  };
}

function trickleWait({ settleLingerMs }: ReceiveLimits): number {
  return Math.max(trickleMs, settleLingerMs * trickleLingers);
}
