import type { Held } from './held.ts';

interface Lane {
  /** Started and not done: handlers that still run count although their lease is gone. */
  active: number;
  queue: Held[];
}

/** What may be handled now: everything across keys at once, one after another within one. */
export interface Lanes {
  arrive(held: Held): void;
  /** The next that may start; its lane is taken. */
  next(): Held | undefined;
  /** The follower of a delivery in the same batch; takes it. */
  nextOf(held: Held): Held | undefined;
  /** A started one comes again: before everything else of its lane. */
  again(held: Held): void;
  /** A batch's unfinished followers return to the head of their lane's queue. */
  back(held: readonly Held[]): void;
  /** A started one is done with: its lane goes on. */
  done(held: Held): void;
  /** Removes those that have not been started and match. In order. */
  remove(match: (held: Held) => boolean): Held[];
  followers(held: Held): readonly Held[];
  readonly readyCount: number;
}

/** @param onDelayed its lane is free, and it waits for its own retry still */
export function createLanes(onDelayed: (held: Held) => void): Lanes {
  let ready: Held[] = [];
  const lanes = new Map<string, Lane>();

  function arrive(held: Held): void {
    if (held.orderKey === undefined) {
      ready.push(held);
      return;
    }
    const lane = lanes.get(held.orderKey);
    if (lane !== undefined) {
      lane.queue.push(held);
      return;
    }
    lanes.set(held.orderKey, { active: 1, queue: [] });
    ready.push(held);
  }

  function laneOf(held: Held): Lane | undefined {
    return held.orderKey === undefined ? undefined : lanes.get(held.orderKey);
  }

  function advance(name: string, lane: Lane): void {
    if (lane.active > 0) return;
    const following = lane.queue.shift();
    if (following === undefined) {
      lanes.delete(name);
      return;
    }
    lane.active = 1;
    if (following.notBefore > 0) onDelayed(following);
    else ready.push(following);
  }

  function done(held: Held): void {
    if (held.orderKey === undefined) return;
    const lane = lanes.get(held.orderKey);
    if (lane === undefined) return;
    lane.active -= 1;
    advance(held.orderKey, lane);
  }

  return {
    arrive,
    next: () => ready.shift(),
    nextOf(held) {
      const lane = laneOf(held);
      if (lane === undefined || (lane.queue[0]?.notBefore ?? 0) > 0) return undefined;
      const following = lane.queue.shift();
      if (following !== undefined) lane.active += 1;
      return following;
    },
    again(held) {
      ready.unshift(held);
    },
    back(followers) {
      for (const held of followers.toReversed()) {
        const lane = laneOf(held);
        if (lane === undefined) {
          ready.unshift(held);
          continue;
        }
        lane.active -= 1;
        lane.queue.unshift(held);
      }
      // What they waited behind may be done by now.
      for (const { orderKey } of followers) {
        const lane = orderKey === undefined ? undefined : lanes.get(orderKey);
        if (orderKey !== undefined && lane !== undefined) advance(orderKey, lane);
      }
    },
    done,
    remove(match) {
      const removed: Held[] = [];
      const keep = (held: Held): boolean => {
        if (!match(held)) return true;
        removed.push(held);
        return false;
      };
      ready = ready.filter(keep);
      const fromReady = [...removed];
      for (const lane of lanes.values()) {
        if (lane.queue.length > 0) lane.queue = lane.queue.filter(keep);
      }
      for (const held of fromReady) done(held);
      return removed;
    },
    followers: (held) => laneOf(held)?.queue ?? [],
    get readyCount() {
      return ready.length;
    },
  };
}
