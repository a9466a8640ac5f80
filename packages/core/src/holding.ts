import type { ConsumerPlan } from './consumer-plan.ts';
import { type Deferred, deferred } from './deferred.ts';
import type { IntermodalError } from './error.ts';
import type { Held } from './held.ts';
import type { Lanes } from './lanes.ts';
import { createLinkedSet, type LinkedSet } from './linked-set.ts';
import type { ConsumerCounters } from './runner.ts';
import type { Settling } from './settling.ts';

export interface HoldingOptions {
  readonly plan: ConsumerPlan;
  readonly lanes: Lanes;
  readonly counters: ConsumerCounters;
  readonly settling: () => Settling;
  /** It is held no more. */
  readonly onForgotten: (held: Held) => void;
  /** A slot is free. */
  readonly onFree: () => void;
  /** A lane may go on. */
  readonly onReady: () => void;
}

/** The deliveries that a consumer holds, from their arrival until nothing more is owed for them. */
export interface Holding {
  readonly all: Omit<LinkedSet<Held>, 'add' | 'delete'>;
  add(held: Held): void;
  /** Frees its slot and lane if the broker has its settlement and its handler has returned. */
  settleUp(held: Held): void;
  /** Frees its slot, whatever is owed. */
  forget(held: Held): void;
  /** It is no longer ours. */
  lose(held: Held, error: IntermodalError | undefined): void;
  /** All that match, the unstarted ones first: none of them may start because another one's lane has become free. */
  loseAll(match: (held: Held) => boolean, error: IntermodalError | undefined): void;
  /** Its lease is over: as `lose`, and its followers go back, since the broker will bring it again before them. */
  leaseLost(held: Held, error: IntermodalError | undefined): void;
  giveBack(unstarted: readonly Held[]): void;
  /** What no handler has seen goes back at once, unless that could bring a key's messages out of order. */
  giveBackUnstarted(): void;
  /** The same while the receiver stays open: a key's only where the broker locks it, since others of it may still come. */
  giveBackForPause(): void;
  untilEmpty(): Promise<void>;
  untilLaneEmpty(lane: string): Promise<void>;
}

export function createHolding(options: HoldingOptions): Holding {
  const { plan, lanes, counters } = options;
  const { capabilities, telemetry, wheel, channel, group } = plan;
  const canGiveBack =
    capabilities.isolation !== 'window' &&
    (capabilities.release === 'free' || capabilities.release === 'counted');
  const all = createLinkedSet<Held>();
  let emptied: Deferred<void> | undefined;
  const laneEmptied = new Map<string, Deferred<void>>();

  function settleUp(held: Held): void {
    if (held.running || !(held.settled || held.lost) || !all.has(held)) return;
    lanes.done(held);
    forget(held);
    options.onReady();
  }

  function forget(held: Held): void {
    if (!all.delete(held)) return;
    void held.epoch.leases.untrack(held);
    wheel.cancel(held.alarm);
    options.onForgotten(held);
    const { lane } = held.wire;
    if (laneEmptied.size > 0 && lane !== undefined && !holdsOf(lane)) {
      laneEmptied.get(lane)?.resolve();
      laneEmptied.delete(lane);
    }
    if (all.size === 0) emptied?.resolve();
    options.onFree();
  }

  function holdsOf(lane: string): boolean {
    for (const held of all) if (held.wire.lane === lane) return true;
    return false;
  }

  function markLost(held: Held, error: IntermodalError | undefined): void {
    held.lost = true;
    counters.leaseLost += 1;
    held.notBefore = 0;
    wheel.cancel(held.alarm);
    if (held.handle?.intent !== undefined) held.handle.conclude(held.handle.leaseLost());
    if (telemetry !== undefined) {
      const attempt = held.handle?.attempt ?? held.wire.attempt ?? 1;
      const { id, key } = held.handle ?? held.wire.message;
      telemetry({ type: 'lease-lost', channel, group, id, key, attempt, error });
    }
  }

  function lose(held: Held, error: IntermodalError | undefined): void {
    if (held.lost || held.settled) return;
    markLost(held, error);
    held.waiting = false;
    held.handle?.abort(held.handle.leaseLost());
    held.handle?.onOver?.();
    if (held.place === 'started' || lanes.remove((other) => other === held).length === 0) {
      settleUp(held);
      return;
    }
    forget(held);
    options.onReady();
  }

  function giveBack(unstarted: readonly Held[]): void {
    for (const held of unstarted) {
      // Its slot is free when the broker has it back, and not before.
      options.settling().release(held, (given) => {
        if (given) counters.released += 1;
        forget(held);
      });
    }
  }

  return {
    all,
    add: (held) => all.add(held),
    settleUp,
    forget,
    lose,
    loseAll(match, error) {
      for (const held of lanes.remove(match)) {
        markLost(held, error);
        forget(held);
      }
      for (const held of [...all].filter(match)) lose(held, error);
      options.onReady();
    },
    leaseLost(held, error) {
      const followers = lanes.takeFollowers(held);
      lose(held, error);
      giveBack(followers);
    },
    giveBack,
    giveBackUnstarted() {
      if (canGiveBack) giveBack(lanes.remove(() => true));
    },
    giveBackForPause() {
      if (!canGiveBack) return;
      giveBack(lanes.remove((held) => held.orderKey === undefined || capabilities.lease));
    },
    untilEmpty() {
      if (all.size === 0) return Promise.resolve();
      emptied ??= deferred();
      return emptied.promise;
    },
    untilLaneEmpty(lane) {
      if (!holdsOf(lane)) return Promise.resolve();
      let waiter = laneEmptied.get(lane);
      if (waiter === undefined) {
        waiter = deferred();
        laneEmptied.set(lane, waiter);
      }
      return waiter.promise;
    },
  };
}
