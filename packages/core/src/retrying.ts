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
  /** Its handler has returned, or its lane is free: the retry that was asked for takes its course. */
  resume(held: Held): void;
  /** What gives it back: as never touched, or as the failure that it was. */
  giveBack(held: Held): Settlement;
}

export function createRetrying(options: RetryingOptions): Retrying {
  const { plan, lanes, counters, conclude, about } = options;
  const { capabilities, wheel, telemetry } = plan;
  const { clock } = wheel;

  function retry(handle: DeliveryHandle, delayMs: number, error: unknown): void {
    const { held } = handle;
    const at = clock.now() + delayMs;
    const keyed = held.orderKey !== undefined;
    const local = isLocal(handle, at);
    counters.retried += 1;
    telemetry?.({ type: 'retried', ...about(held), delayMs, local, error });
    if (local && options.isLeaving(held)) {
      handle.conclude('done'); // who takes the lane over reads it again
      options.onLeft(held);
      return;
    }
    // A key's followers in the same batch go with it, and are known when the handler has returned.
    if (local || (keyed && held.running && !handle.abandoned)) {
      handle.conclude('done');
      held.notBefore = Math.max(1, at);
      held.goesBack = !local;
      if (!held.running) resume(held);
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

  function isLocal({ held, abandoned }: DeliveryHandle, at: number): boolean {
    if (capabilities.retry === 'local') return true;
    if (held.cutOff) return false;
    const keyed = held.orderKey !== undefined;
    const immediate = capabilities.retry === 'immediate';
    // A broker that brings it again at once would bring a key's followers, which it has pushed already, before it; and
    // one that does not count would bring it for ever.
    if (immediate && (keyed || capabilities.attempts === 'local')) return true;
    // A handler whose time is over may run for ever: only where nobody else can retry does it hold up its message.
    const brief = at - held.arrivedAt <= plan.localRetryMaxMs && !abandoned;
    return brief && (keyed || immediate);
  }

  function resume(held: Held): void {
    const { handle, notBefore } = held;
    if (notBefore === 0 || held.lost || handle === undefined) return;
    if (options.isLeaving(held)) {
      options.onLeft(held); // as what came before it may have been
      return;
    }
    if (held.orderKey !== undefined && !lanes.isFirst(held)) {
      lanes.back([held]); // what came before it may come again
      return;
    }
    if (held.goesBack) {
      held.notBefore = 0;
      retryAtBroker(handle, Math.max(0, notBefore - clock.now()));
      return;
    }
    held.waiting = true;
    setAlarm(wheel, held, notBefore, () => {
      held.notBefore = 0;
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
    const followers = lanes.takeFollowers(held);
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
    const delayMs = Math.max(0, held.notBefore - clock.now());
    if (held.waiting) wheel.cancel(held.alarm);
    held.notBefore = 0;
    held.waiting = false;
    const touched = held.handle !== undefined || held.localRetries > 0;
    if (!touched || capabilities.retry === 'local') return { token, action: 'release' };
    // A handler has seen it, so giving it back must count as an attempt.
    const failed = held.handle?.attempt ?? attempt + held.localRetries - 1;
    return { token, action: 'retry', delayMs, attempt: failed };
  }

  return { retry, resume, giveBack };
}
