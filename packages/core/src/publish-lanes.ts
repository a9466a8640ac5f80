import type { SendLimits } from './driver.ts';
import {
  append,
  type Lane,
  listed,
  type Pending,
  type PendingList,
  prepend,
  takeNext,
  unlink,
} from './pending.ts';

/**
 * What may be sent now. Of a lane one message at a time is under way, or, where a batch is ordered, those of one batch: a
 * partial failure can then never let a later message of a key overtake an earlier one.
 */
export interface PublishLanes {
  readonly ready: PendingList;
  readonly readyCount: number;
  push(pending: Pending): void;
  /** The next batch by count and bytes; empty only where nothing is ready. */
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
  /**
   * In the order of publishing, across lanes: that is mostly the order in memory, and where thousands are pending to walk
   * them in another one costs a quarter of all the CPU.
   */
  const ready: PendingList = { first: undefined, last: undefined };
  const lanes = new Map<string, Lane>();
  const held = new Set<Pending>();
  let readyCount = 0;
  let turn = 0;

  function push(pending: Pending): void {
    const name = pending.prepared?.lane;
    if (name !== undefined) {
      const lane = lanes.get(name) ?? begin(name, pending);
      pending.lane = lane;
      const isNext = lane.ready === 0 ? lane.active === 0 : lane.together;
      if (!isNext) {
        append(lane.blocked, pending);
        return;
      }
    }
    makeReady(pending, append);
  }

  function begin(name: string, { preparedBy }: Pending): Lane {
    const together = preparedBy?.limits.entries === 'ordered';
    const blocked = { first: undefined, last: undefined };
    const lane = { name, together, ready: 0, readyBytes: 0, active: 0, turn: 0, blocked };
    lanes.set(name, lane);
    return lane;
  }

  function makeReady(pending: Pending, put: typeof append): void {
    put(ready, pending);
    readyCount += 1;
    if (pending.lane === undefined) return;
    pending.lane.ready += 1;
    pending.lane.readyBytes += bytesOf(pending);
  }

  function takeReady(pending: Pending): void {
    unlink(ready, pending);
    readyCount -= 1;
    if (pending.lane === undefined) return;
    pending.lane.ready -= 1;
    pending.lane.readyBytes -= bytesOf(pending);
  }

  function take({ entries, maxBatchCount, maxBatchBytes }: SendLimits): Pending[] {
    const batch: Pending[] = [];
    let bytes = 0;
    let chosenCount = 0;
    let chosenBytes = 0;
    let isFull = false;
    turn += 1;
    let following: Pending | undefined;
    for (let next = ready.first; next !== undefined; next = following) {
      if (isFull && batch.length === chosenCount) break;
      following = next.next;
      const { lane } = next;
      const own = bytesOf(next);
      const isChosen = entries === 'ordered' && lane?.turn === turn;
      if (lane !== undefined && lane.active > 0 && !isChosen) {
        takeReady(next);
        append(lane.blocked, next);
        continue;
      }
      if (!isChosen) {
        if (isFull) continue;
        // A lane as a whole: what is left of one could not be sent beside this batch, and another one can.
        const count = lane?.ready ?? 1;
        const more = lane?.readyBytes ?? own;
        isFull = chosenCount + count > maxBatchCount || chosenBytes + more > maxBatchBytes;
        if (isFull && batch.length > 0) continue;
        chosenCount += count;
        chosenBytes += more;
      }
      const fits = batch.length < maxBatchCount && bytes + own <= maxBatchBytes;
      if (!fits && batch.length > 0) break;
      takeReady(next);
      if (lane !== undefined) {
        lane.active += 1;
        lane.turn = turn;
      }
      batch.push(next);
      bytes += own;
    }
    return batch;
  }

  function hold(failed: readonly Pending[]): Pending[] {
    const leaders = new Set<Lane>();
    const holding: Pending[] = [];
    const followers: Pending[] = [];
    for (const pending of failed) {
      const { lane } = pending;
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
      const { lane } = pending;
      if (lane === undefined) continue;
      lane.active -= 1;
      prepend(lane.blocked, pending);
    }
    return holding;
  }

  function unhold(pending: Pending): void {
    const { lane } = pending;
    held.delete(pending);
    if (lane !== undefined) lane.active -= 1;
    if (lane?.together === true) goFirst(lane);
    makeReady(pending, prepend);
  }

  function remove(pending: Pending): void {
    const { lane, list } = pending;
    if (lane !== undefined && list === lane.blocked) {
      unlink(lane.blocked, pending);
      pending.lane = undefined;
      return;
    }
    if (list === ready) takeReady(pending);
    else if (held.size > 0) held.delete(pending);
    if (lane === undefined) return;
    if (list !== ready) lane.active -= 1;
    pending.lane = undefined;
    if (lane.active === 0) goOn(lane);
  }

  /** Nothing of it is under way any more. */
  function goOn(lane: Lane): void {
    if (lane.together && lane.ready > 0) {
      goFirst(lane);
      return;
    }
    while (lane.blocked.first !== undefined && (lane.together || lane.ready === 0)) {
      const next = takeNext(lane.blocked);
      if (next !== undefined) makeReady(next, append);
    }
    if (lane.ready === 0) lanes.delete(lane.name);
  }

  /** What is blocked while others of its lane are ready comes before those: a batch had no room for all of them. */
  function goFirst({ blocked }: Lane): void {
    for (let last = blocked.last; last !== undefined; last = blocked.last) {
      unlink(blocked, last);
      makeReady(last, prepend);
    }
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

function bytesOf({ prepared }: Pending): number {
  return prepared?.bytes ?? 0;
}
