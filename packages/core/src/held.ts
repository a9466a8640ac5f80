import type { Capabilities } from './capabilities.ts';
import type { DeliveryHandle } from './delivery-handle.ts';
import type { WireDelivery } from './driver.ts';
import type { ReceiverEpoch } from './receiver-epoch.ts';
import type { Member } from './linked-set.ts';
import { timer, type Timer, type Wheel } from './wheel.ts';

/**
 * A delivery from its arrival until it is settled and its handler has returned. It is its own timer: of its lease, which
 * is then renewed or over.
 */
export interface Held extends Member<Held>, Timer {
  readonly wire: WireDelivery;
  readonly epoch: ReceiverEpoch;
  /** What it is serial with; undefined where nothing is ordered. */
  readonly orderKey: string | undefined;
  readonly arrivedAt: number;
  /** Calls of the handler here that failed before this one. */
  localRetries: number;
  /** The attempt under way, or the last one. */
  handle: DeliveryHandle | undefined;
  /** The handler was called and has not returned. */
  running: boolean;
  /** When a retry that was asked for is due; 0 where none is. */
  notBefore: number;
  /** That retry is the broker's, once the handler has returned. */
  goesBack: boolean;
  /** Waits here for a local retry. */
  waiting: boolean;
  /** Behind others of its key, next to be started, or started: until it is done with or waits again. */
  place: 'waiting' | 'ready' | 'started';
  /** What stood before it in its lane has left for the broker: a retry of it can only follow there. */
  cutOff: boolean;
  /** The broker has its settlement, or it is lost: nothing more is owed. */
  settled: boolean;
  /** It is no longer ours. */
  lost: boolean;
  /** Tells the watermark of its lane, where there is one. */
  passed: (() => void) | undefined;
  /** It has failed as often as it may, and what follows it waits until it succeeds. */
  blocking: boolean;
  /** Has been reported as unsettled. */
  reported: boolean;
  startedAt: number;
  /** The end of a local retry's delay, or of the handler's time. */
  alarm: Timer | undefined;
  leaseUntil: number;
  /** What the lease was when it arrived. */
  leaseMs: number;
  /** Its lease is being kept. */
  tracked: boolean;
  extending: Promise<void> | undefined;
}

function nothing(): void {
  // Replaced before the timer is set.
}

export function createHeld(
  wire: WireDelivery,
  epoch: ReceiverEpoch,
  orderKey: string | undefined,
  now: number,
): Held {
  return {
    wire,
    epoch,
    orderKey,
    arrivedAt: now,
    localRetries: 0,
    handle: undefined,
    running: false,
    notBefore: 0,
    goesBack: false,
    waiting: false,
    place: 'waiting',
    cutOff: false,
    settled: false,
    lost: false,
    passed: undefined,
    blocking: false,
    reported: false,
    startedAt: 0,
    alarm: undefined,
    leaseUntil: Infinity,
    leaseMs: 0,
    tracked: false,
    extending: undefined,
    before: undefined,
    after: undefined,
    listed: false,
    onDue: nothing,
    bucket: undefined,
    earlier: undefined,
    later: undefined,
  };
}

/** Instead of the alarm that it may have. */
export function setAlarm(wheel: Wheel, held: Held, due: number, onDue: () => void): void {
  wheel.cancel(held.alarm);
  held.alarm = timer(onDue);
  wheel.set(held.alarm, due);
}

/** What a delivery is serial with. On a log the lane is a shard, and what must be serial is a key within it. */
export function orderKeyOf(wire: WireDelivery, capabilities: Capabilities): string | undefined {
  if (wire.lane === undefined || capabilities.settle !== 'watermark') return wire.lane;
  return wire.message.key === undefined ? undefined : `${wire.lane}\n${wire.message.key}`;
}
