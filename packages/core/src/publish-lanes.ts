import type { SendLimits } from './driver.ts';
import { append, listed, type Pending, type PendingList, prepend, unlink } from './pending.ts';

interface Lane {
  /** Ready, being sent, or held after a failure. */
  active: number;
  readonly blocked: PendingList;
}

/**
 * What may be sent now. Of a lane one message at a time is under way, or, where a batch is ordered, those of one batch: a
 * partial failure can then never let a later message of a key overtake an earlier one.
 */
export interface PublishLanes {
  readonly ready: PendingList;
  readonly readyCount: number;
  push(pending: Pending): void;
  /** The next batch by count and bytes; at least one message. */
  take(limits: SendLimits): Pending[];
  /** Failed ones of a batch, in order: the first of each lane is held, its followers queue behind it. Returns the held. */
  hold(failed: readonly Pending[]): Pending[];
  /** A held one may be sent again, before everything else. */
  unhold(pending: Pending): void;
  /** It is done: the next of its lane may go. */
  remove(pending: Pending): void;
  /** All but those being sent. */
  all(): Pending[];
}

export function createPublishLanes(): PublishLanes {
  const ready: PendingList = { first: undefined, last: undefined };
  const lanes = new Map<string, Lane>();
  const held = new Set<Pending>();
  let readyCount = 0;

  function laneOf(pending: Pending): Lane | undefined {
    return pending.lane === undefined ? undefined : lanes.get(pending.lane);
  }

  function push(pending: Pending): void {
    const name = pending.lane;
    if (name !== undefined) {
      const lane = lanes.get(name);
      if (lane !== undefined) {
        append(lane.blocked, pending);
        return;
      }
      lanes.set(name, { active: 1, blocked: { first: undefined, last: undefined } });
    }
    append(ready, pending);
    readyCount += 1;
  }

  function take(limits: SendLimits): Pending[] {
    const batch: Pending[] = [];
    let bytes = 0;
    const fits = (pending: Pending): boolean =>
      batch.length === 0 ||
      (batch.length < limits.maxBatchCount &&
        bytes + (pending.prepared?.bytes ?? 0) <= limits.maxBatchBytes);
    const put = (pending: Pending): void => {
      batch.push(pending);
      bytes += pending.prepared?.bytes ?? 0;
    };
    for (let next = ready.first; next !== undefined && fits(next); next = ready.first) {
      unlink(ready, next);
      readyCount -= 1;
      put(next);
      if (limits.entries === 'independent') continue;
      const lane = laneOf(next);
      if (lane === undefined) continue;
      for (
        let follower = lane.blocked.first;
        follower !== undefined && fits(follower);
        follower = lane.blocked.first
      ) {
        unlink(lane.blocked, follower);
        lane.active += 1;
        put(follower);
      }
    }
    return batch;
  }

  function hold(failed: readonly Pending[]): Pending[] {
    const leaders = new Set<Lane>();
    const holding: Pending[] = [];
    const followers: Pending[] = [];
    for (const pending of failed) {
      const lane = laneOf(pending);
      if (lane !== undefined && leaders.has(lane)) {
        followers.push(pending);
        continue;
      }
      if (lane !== undefined) leaders.add(lane);
      held.add(pending);
      holding.push(pending);
    }
    // Last first, so that they stand in their own order before what was queued later.
    for (const pending of followers.toReversed()) {
      const lane = laneOf(pending);
      if (lane === undefined) continue;
      lane.active -= 1;
      prepend(lane.blocked, pending);
    }
    return holding;
  }

  function unhold(pending: Pending): void {
    held.delete(pending);
    prepend(ready, pending);
    readyCount += 1;
  }

  function remove(pending: Pending): void {
    const lane = laneOf(pending);
    if (lane !== undefined && pending.list === lane.blocked) {
      unlink(lane.blocked, pending);
      return;
    }
    if (pending.list === ready) {
      unlink(ready, pending);
      readyCount -= 1;
    } else if (held.size > 0) held.delete(pending);
    if (lane === undefined) return;
    lane.active -= 1;
    if (lane.active > 0) return;
    const next = lane.blocked.first;
    if (next === undefined) {
      lanes.delete(pending.lane ?? '');
      return;
    }
    unlink(lane.blocked, next);
    lane.active = 1;
    append(ready, next);
    readyCount += 1;
  }

  function all(): Pending[] {
    return [
      ...held,
      ...listed(ready),
      ...Array.from(lanes.values(), (lane) => listed(lane.blocked)).flat(),
    ];
  }

  return {
    ready,
    get readyCount() {
      return readyCount;
    },
    push,
    take,
    hold,
    unhold,
    remove,
    all,
  };
}
