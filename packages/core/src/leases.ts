import type { Receiver, SettleOutcome } from './driver.ts';
import type { Held } from './held.ts';
import { IntermodalError } from './error.ts';
import { timer, type Timer, type Wheel } from './wheel.ts';

/** Keeps the leases of one receiver's deliveries: renews at half their time, in batches, and tells when one is lost. */
export interface Leases {
  track(held: Held): void;
  /** Its settlement goes out: an extension after it could undo it. Resolves when none is under way. */
  untrack(held: Held): Promise<void> | undefined;
  /** Makes the lease last at least `leaseMs` from now. @throws `lease-lost` */
  extend(held: Held, leaseMs: number): Promise<void>;
  kill(): void;
}

export function createLeases(
  receiver: Receiver,
  wheel: Wheel,
  timeoutMs: number,
  onLost: (held: Held, error: IntermodalError | undefined) => void,
): Leases {
  const { clock } = wheel;
  const extend: NonNullable<Receiver['extend']> =
    receiver.extend?.bind(receiver) ?? ((tokens) => Promise.resolve(tokens.map(() => 'lost')));
  let toRenew: Held[] = [];
  let scheduled = false;
  let dead = false;

  function track(held: Held): void {
    if (held.wire.leaseUntil === undefined) return;
    held.leaseUntil = held.wire.leaseUntil;
    held.leaseMs = Math.max(1, held.leaseUntil - held.arrivedAt);
    held.onDue = onDue;
    plan(held, held.arrivedAt);
  }

  /** On a grid, so that leases taken at about the same time are renewed by one request. */
  function plan(held: Held, now: number): void {
    if (receiver.extend === undefined) {
      wheel.set(held, held.leaseUntil);
      return;
    }
    const grid = Math.max(1, held.leaseMs / 10);
    const half = held.leaseUntil - held.leaseMs / 2;
    wheel.set(held, Math.max(now, Math.floor(half / grid) * grid));
  }

  function onDue(due: Timer): void {
    const held = due as Held;
    if (clock.now() >= held.leaseUntil) {
      lose(held, undefined);
      return;
    }
    if (held.extending === undefined) {
      toRenew.push(held);
      if (!scheduled) {
        scheduled = true;
        queueMicrotask(renew);
      }
    }
    wheel.set(held, held.leaseUntil);
  }

  function renew(): void {
    scheduled = false;
    const batch = toRenew.filter((held) => held.tracked && held.extending === undefined);
    toRenew = [];
    const size = receiver.limits.maxPerSettle;
    for (let from = 0; from < batch.length; from += size) {
      const part = batch.slice(from, from + size);
      void request(
        part,
        part.reduce((most, held) => Math.max(most, held.leaseMs), 1),
      );
    }
  }

  function request(batch: readonly Held[], leaseMs: number): Promise<void> {
    const controller = new AbortController();
    const tooSlow = timer(() => {
      const text = 'no answer to a lease extension in time';
      controller.abort(new IntermodalError('timeout', text, { retryable: true }));
    });
    // One that hangs must leave time for another try.
    wheel.set(tooSlow, clock.now() + Math.min(timeoutMs, Math.max(100, leaseMs / 3)));
    const tokens = batch.map((held) => held.wire.token);
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => {
        reject(controller.signal.reason as IntermodalError);
      });
    });
    const answered = Promise.race([extend(tokens, leaseMs, controller.signal), aborted])
      .then(
        (outcomes) => {
          batch.forEach((held, index) => {
            onAnswer(
              held,
              leaseMs,
              outcomes[index] ?? {
                failed: new IntermodalError('unknown', 'the driver gave no outcome for a lease'),
              },
            );
          });
        },
        (error: unknown) => {
          for (const held of batch)
            onAnswer(held, leaseMs, { failed: IntermodalError.from(error) });
        },
      )
      .finally(() => {
        wheel.cancel(tooSlow);
        for (const held of batch) if (held.extending === answered) held.extending = undefined;
      });
    for (const held of batch) held.extending = answered;
    return answered;
  }

  function onAnswer(
    held: Held,
    leaseMs: number,
    outcome: SettleOutcome | { readonly leaseUntil: number },
  ): void {
    if (dead || !held.tracked) return;
    if (outcome === 'lost') {
      lose(held, undefined);
      return;
    }
    if (outcome !== 'done' && 'failed' in outcome) {
      if (!outcome.failed.retryable) {
        lose(held, outcome.failed);
        return;
      }
      // Again soon: a tenth of the lease, but not after its end.
      wheel.set(held, Math.min(held.leaseUntil, clock.now() + held.leaseMs / 10));
      return;
    }
    const now = clock.now();
    held.leaseUntil = outcome === 'done' ? now + leaseMs : outcome.leaseUntil;
    plan(held, now);
  }

  function lose(held: Held, error: IntermodalError | undefined): void {
    wheel.cancel(held);
    held.tracked = false;
    onLost(held, error);
  }

  return {
    track(held) {
      held.tracked = true;
      track(held);
    },
    untrack(held) {
      held.tracked = false;
      wheel.cancel(held);
      return held.extending;
    },
    async extend(held, leaseMs) {
      while (held.extending !== undefined) await held.extending;
      if (dead || held.lost || !held.tracked)
        throw new IntermodalError('lease-lost', 'the lease of this delivery is over');
      const until = clock.now() + leaseMs;
      if (held.leaseUntil >= until) return;
      await request([held], leaseMs);
      if (lostNow(held))
        throw new IntermodalError(
          'lease-lost',
          'the lease of this delivery was lost while it was extended',
        );
      if (held.leaseUntil < until) {
        throw new IntermodalError('unavailable', 'the lease of this delivery was not extended');
      }
    },
    kill() {
      dead = true;
    },
  };
}

// A function, since the compiler takes what was false before a wait for false after it.
function lostNow(held: Held): boolean {
  return held.lost;
}
