import type { Held } from './held.ts';

/** What may be handled now: everything across keys at once, one after another within one. */
export interface Lanes {
  arrive(held: Held): void;
  /** The next that may start; its lane is taken. */
  next(): Held | undefined;
  /** What stands next behind one that is about to be handled, for the same batch; takes it. */
  nextOf(held: Held): Held | undefined;
  /** A started one comes again: before everything else. */
  again(held: Held): void;
  /** Started ones wait again, each in its own place. */
  back(held: readonly Held[]): void;
  /** A started one is done with: its lane goes on. */
  done(held: Held): void;
  /** Nothing before it in its lane is left. */
  isFirst(held: Held): boolean;
  /** Something of its key waits to be started. */
  hasFollowers(held: Held): boolean;
  /** It leaves for the broker: removes what waits behind it, and what runs there can only follow it. In order. */
  takeFollowers(held: Held): Held[];
  /** Removes those that have not been started and match. In order. */
  remove(match: (held: Held) => boolean): Held[];
  readonly readyCount: number;
  /** Of the lane of a log nothing more is started for the first time, until `go` for all that stopped it. */
  stop(lane: string, by: Held): void;
  /** Whether it goes on now. */
  go(lane: string, by: Held): boolean;
}

/** @param onDelayed its turn has come, and it waits for its own retry still */
export function createLanes(onDelayed: (held: Held) => void): Lanes {
  let ready: Held[] = [];
  /** All that is held of a key, in the order of its coming, until it is done with. */
  const lanes = new Map<string, Held[]>();
  /** Lanes of a log that may not go on, and what each of them waits for. */
  const stopped = new Map<string, Set<Held>>();

  function mayStart({ wire, handle, localRetries }: Held): boolean {
    if (stopped.size === 0 || wire.lane === undefined || !stopped.has(wire.lane)) return true;
    return handle !== undefined || localRetries > 0;
  }

  function next(): Held | undefined {
    if (stopped.size === 0) return ready.shift();
    const index = ready.findIndex(mayStart);
    return index < 0 ? undefined : ready.splice(index, 1)[0];
  }

  function arrive(held: Held): void {
    if (held.orderKey !== undefined) {
      const lane = lanes.get(held.orderKey);
      if (lane !== undefined) {
        lane.push(held);
        return;
      }
      lanes.set(held.orderKey, [held]);
    }
    held.place = 'ready';
    ready.push(held);
  }

  function laneOf(held: Held): Held[] | undefined {
    return held.orderKey === undefined ? undefined : lanes.get(held.orderKey);
  }

  function advance(name: string, lane: readonly Held[]): void {
    const [first] = lane;
    if (first === undefined) {
      lanes.delete(name);
      return;
    }
    if (first.place !== 'waiting') return;
    if (first.notBefore > 0) {
      first.place = 'started';
      onDelayed(first);
      return;
    }
    first.place = 'ready';
    ready.push(first);
  }

  function done(held: Held): void {
    if (held.orderKey === undefined) return;
    const lane = lanes.get(held.orderKey);
    const index = lane?.indexOf(held) ?? -1;
    if (lane === undefined || index < 0) return;
    if (index > 0) {
      lane.splice(index, 1);
      return;
    }
    lane.shift();
    advance(held.orderKey, lane);
  }

  function start(held: Held | undefined): Held | undefined {
    if (held !== undefined) held.place = 'started';
    return held;
  }

  return {
    arrive,
    next: () => start(next()),
    nextOf(held) {
      const lane = laneOf(held);
      const following = lane?.[lane.indexOf(held) + 1];
      if (following?.place !== 'waiting' || following.notBefore > 0) return undefined;
      if (!mayStart(following)) return undefined;
      return start(following);
    },
    again(held) {
      held.place = 'ready';
      ready.unshift(held);
    },
    back(followers) {
      for (const held of followers) held.place = 'waiting';
      // What they waited behind may be done by now.
      for (const { orderKey } of followers) {
        const lane = orderKey === undefined ? undefined : lanes.get(orderKey);
        if (orderKey !== undefined && lane !== undefined) advance(orderKey, lane);
      }
    },
    done,
    isFirst: (held) => laneOf(held)?.[0] === held,
    hasFollowers: (held) => laneOf(held)?.at(-1)?.place === 'waiting',
    takeFollowers(held) {
      const lane = laneOf(held);
      if (lane === undefined) return [];
      const taken: Held[] = [];
      const behind = lane.splice(lane.indexOf(held) + 1);
      for (const other of behind) {
        if (other.epoch !== held.epoch) lane.push(other);
        else if (other.place === 'waiting') taken.push(other);
        else {
          other.cutOff = true;
          lane.push(other);
        }
      }
      return taken;
    },
    remove(match) {
      const removed: Held[] = [];
      const keep = (held: Held): boolean => {
        if (held.place === 'started' || !match(held)) return true;
        removed.push(held);
        return false;
      };
      ready = ready.filter((held) => held.orderKey !== undefined || keep(held));
      const changed: [string, Held[]][] = [];
      for (const [name, lane] of lanes) {
        const kept = lane.filter(keep);
        if (kept.length === lane.length) continue;
        lanes.set(name, kept);
        changed.push([name, kept]);
      }
      if (changed.length === 0) return removed;
      const gone = new Set(removed);
      ready = ready.filter((held) => !gone.has(held));
      for (const [name, lane] of changed) advance(name, lane);
      return removed;
    },
    get readyCount() {
      return stopped.size === 0 ? ready.length : ready.filter(mayStart).length;
    },
    stop(lane, by) {
      stopped.set(lane, (stopped.get(lane) ?? new Set()).add(by));
    },
    go(lane, by) {
      const waitedFor = stopped.get(lane);
      waitedFor?.delete(by);
      if (waitedFor === undefined || waitedFor.size > 0) return false;
      return stopped.delete(lane);
    },
  };
}
