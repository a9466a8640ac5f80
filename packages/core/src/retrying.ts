import type { DeliveryHandle } from './delivery-handle.ts';
import type { SettleOutcome, Settlement } from './driver.ts';
import { type Held, setAlarm } from './held.ts';
import type { Fate, SettlingOptions } from './settling.ts';

export interface RetryingOptions extends SettlingOptions {
  readonly conclude: (handle: DeliveryHandle, outcome: SettleOutcome, fate: Fate) => void;
  readonly about: (held: Held) => {
    readonly channel: string;
    readonly group: string;
    readonly id: string;
    readonly key: string | undefined;
    readonly attempt: number;
  };
}

/** Retries: here, with the lease renewed and the key held, or by the broker. */
export interface Retrying {
  retry(handle: DeliveryHandle, delayMs: number, error: unknown): void;
  /** The handler that asked for a local retry has returned. */
  resume(handle: DeliveryHandle): void;
  /** Whether a local retry of it is to come. */
  isHere(held: Held): boolean;
  /** It comes again by another way. */
  forget(held: Held): void;
  /** What gives it back: as never touched, or as the failure that it was. */
  giveBack(held: Held): Settlement;
}

export function createRetrying(options: RetryingOptions): Retrying {
  const { plan, lanes, counters, conclude, about } = options;
  const { capabilities, wheel, telemetry } = plan;
  const { clock } = wheel;
  /** When each local retry is due. */
  const due = new WeakMap<Held, number>();

  function retry(handle: DeliveryHandle, delayMs: number, error: unknown): void {
    const { held } = handle;
    const at = clock.now() + delayMs;
    const keyed = held.orderKey !== undefined;
    // A broker that brings it again at once would bring a key's followers, which it has pushed already, before it.
    const onlyHere =
      capabilities.retry === 'local' || (keyed && capabilities.retry === 'immediate');
    // A handler whose time is over may run for ever: only where nobody else can retry does it hold up its message.
    const brief = at - held.arrivedAt <= plan.localRetryMaxMs && !handle.abandoned;
    const local = onlyHere || (brief && (keyed || capabilities.retry === 'immediate'));
    counters.retried += 1;
    telemetry?.({ type: 'retried', ...about(held), delayMs, local, error });
    if (local) {
      handle.conclude('done');
      due.set(held, at);
      if (!held.running) resume(handle);
      return;
    }
    if (capabilities.retry === 'delayed' || delayMs === 0) {
      retryAtBroker(handle, delayMs);
      return;
    }
    // The broker cannot wait, so the delay is spent here.
    setAlarm(wheel, held, at, () => {
      retryAtBroker(handle, 0);
    });
  }

  function resume({ held }: DeliveryHandle): void {
    const at = due.get(held);
    if (at === undefined || held.lost) return;
    held.waiting = true;
    setAlarm(wheel, held, at, () => {
      due.delete(held);
      held.waiting = false;
      held.localRetries += 1;
      options.onAgain(held);
    });
  }

  /**
   * The key's followers go back behind it, in one batch and in order: a broker that pushes would bring a follower that
   * went back first before it.
   */
  function retryAtBroker(handle: DeliveryHandle, delayMs: number): void {
    const { held } = handle;
    const { settler, leases } = held.epoch;
    const followers =
      held.orderKey === undefined
        ? []
        : lanes.remove((other) => other.orderKey === held.orderKey && other.epoch === held.epoch);
    const extending = [held, ...followers]
      .map((each) => leases.untrack(each))
      .filter((each) => each !== undefined);
    for (const follower of followers) {
      follower.settled = true;
      telemetry?.({ type: 'released', ...about(follower) });
    }
    const go = (): void => {
      if (held.lost) {
        for (const follower of followers) options.onGivenBack(follower);
        conclude(handle, 'lost', 'retried');
        return;
      }
      const { token } = held.wire;
      const failed: Settlement = { token, action: 'retry', delayMs, attempt: handle.attempt };
      const done = (outcome: SettleOutcome): void => {
        conclude(handle, outcome, 'retried');
      };
      if (followers.length === 0) settler.add(failed, true, done, undefined);
      else
        settler.addInOrder([
          [failed, done],
          ...followers.map((each) => [giveBack(each), () => options.onGivenBack(each)] as const),
        ]);
    };
    if (extending.length === 0) go();
    else void Promise.all(extending).then(go);
  }

  function giveBack(held: Held): Settlement {
    const { token, attempt = 1 } = held.wire;
    const waiting = held.waiting;
    held.waiting = false;
    const touched = held.handle !== undefined || held.localRetries > 0;
    if (!touched || capabilities.retry === 'local') return { token, action: 'release' };
    // A handler has seen it, so giving it back must count as an attempt.
    const delayMs = waiting ? Math.max(0, (due.get(held) ?? 0) - clock.now()) : 0;
    if (waiting) wheel.cancel(held.alarm);
    const failed = held.handle?.attempt ?? attempt + held.localRetries - 1;
    return { token, action: 'retry', delayMs, attempt: failed };
  }

  return {
    retry,
    resume,
    isHere: (held) => due.has(held),
    forget: (held) => due.delete(held),
    giveBack,
  };
}
