import type { StartPosition } from '@intermodal/core/driver';
import type { Stored } from '../message.ts';
import type { GroupEntry } from './channel.ts';
import type { Shard } from './log-channel.ts';

/** How far a group has come in a shard. */
interface Place {
  readonly shard: Shard;
  /** Everything before this offset is settled. */
  next: number;
  /** Its shard is closed and all of it is settled. */
  ended: boolean;
  hold: Hold | undefined;
}

/** One member's time with a shard. It is fenced by not being in `Member.holds` any more. */
export interface Hold {
  readonly place: Place;
  readonly member: Member;
  /** Offset of the next to be given out. */
  cursor: number;
  revoking: boolean;
  paused: boolean;
  toldEnd: boolean;
}

/** A receiver, as its group sees it. */
export interface Member {
  /** By lane. */
  readonly holds: Map<string, Hold>;
  /** Lanes that it lost and may still be at work on. */
  readonly leaving: Set<string>;
  /** Resolves when core has let go of the lane; never rejects. */
  readonly tell: (lane: string, state: 'revoking' | 'lost' | 'ended') => Promise<void>;
  readonly wake: () => void;
}

/** The shards of a log among the members of a group: each is read by one, from where the last one came to. */
export interface LogGroup {
  /** Had a member once, and so has a place of its own. */
  readonly started: boolean;
  start(from: StartPosition): void;
  join(member: Member): void;
  leave(member: Member): void;
  /** Everything before `offset` is settled. */
  checkpoint(hold: Hold, offset: number): void;
  /** All of the shard is settled: those that came out of it may be begun. */
  end(hold: Hold): void;
  /** Whether a message of the log is meant for this group. */
  isFor(stored: Stored): boolean;
  onSplit(): void;
  stealAll(): void;
  wake(): void;
  /** Offset that must be kept. */
  floor(shard: Shard): number;
  unsettled(): GroupEntry[];
}

export function createLogGroup(name: string, shards: readonly Shard[]): LogGroup {
  const places = new Map<Shard, Place>();
  const members = new Set<Member>();
  let started = false;
  for (const shard of shards) addPlace(shard, shard.history.end);

  function addPlace(shard: Shard, next: number): Place {
    const ended = shard.closed && next === shard.history.end;
    const place: Place = { shard, next, ended, hold: undefined };
    places.set(shard, place);
    return place;
  }

  function placeOf(shard: Shard): Place {
    return places.get(shard) ?? addPlace(shard, 0);
  }

  function take(place: Place, member: Member): void {
    place.hold = {
      place,
      member,
      cursor: place.next,
      revoking: false,
      paused: false,
      toldEnd: false,
    };
    member.holds.set(place.shard.id, place.hold);
  }

  function free({ place, member }: Hold): void {
    place.hold = undefined;
    member.holds.delete(place.shard.id);
  }

  /** Shares out what is free, and takes gracefully from those who have more than their part. */
  function balance(): void {
    const open = shards
      .map(placeOf)
      .filter(
        ({ shard, ended }) => !ended && (shard.parent === undefined || placeOf(shard.parent).ended),
      );
    // Who has most gets the odd ones, so that as few as possible move.
    const byHolds = [...members].sort((one, other) => other.holds.size - one.holds.size);
    byHolds.forEach((member, index) => {
      const part = Math.floor((open.length + members.size - 1 - index) / members.size);
      const kept = [...member.holds.values()].filter(({ revoking }) => !revoking);
      for (const hold of kept.slice(part)) void revoke(hold);
      const wanted = open.filter(
        ({ hold, shard }) => hold === undefined && !member.leaving.has(shard.id),
      );
      for (const place of wanted.slice(0, Math.max(0, part - kept.length))) take(place, member);
      member.wake();
    });
  }

  async function revoke(hold: Hold): Promise<void> {
    hold.revoking = true;
    await hold.member.tell(hold.place.shard.id, 'revoking');
    if (hold.place.hold !== hold) return;
    free(hold);
    balance();
  }

  async function steal(hold: Hold): Promise<void> {
    const { place, member } = hold;
    const lane = place.shard.id;
    free(hold);
    member.leaving.add(lane);
    const [thief] = [...members]
      .filter(({ leaving }) => !leaving.has(lane))
      .sort((one, other) => one.holds.size - other.holds.size);
    if (thief !== undefined) {
      take(place, thief);
      thief.wake();
    }
    await member.tell(lane, 'lost');
    member.leaving.delete(lane);
    if (place.hold === undefined) balance();
  }

  function isFor({ only }: Stored): boolean {
    return only === undefined || only === name;
  }

  return {
    get started() {
      return started;
    },
    start(from) {
      for (const shard of shards) {
        const place = placeOf(shard);
        place.next = shard.history.find(from);
        place.ended = shard.closed && place.next === shard.history.end;
        if (place.hold !== undefined) place.hold.cursor = place.next;
      }
    },
    join(member) {
      started = true;
      members.add(member);
      balance();
    },
    leave(member) {
      members.delete(member);
      for (const hold of [...member.holds.values()]) free(hold);
      balance();
    },
    checkpoint(hold, offset) {
      hold.place.next = Math.max(hold.place.next, offset);
    },
    end(hold) {
      hold.place.next = hold.place.shard.history.end;
      hold.place.ended = true;
      free(hold);
      balance();
    },
    isFor,
    onSplit: balance,
    stealAll() {
      for (const { hold } of [...places.values()]) if (hold !== undefined) void steal(hold);
    },
    wake() {
      for (const member of members) member.wake();
    },
    floor: (shard) => (placeOf(shard).ended ? Infinity : placeOf(shard).next),
    unsettled() {
      const found: GroupEntry[] = [];
      for (const shard of shards) {
        const { next, hold, ended } = placeOf(shard);
        const { history } = shard;
        if (ended) continue;
        for (let offset = next; offset < history.end; offset += 1) {
          const stored = history.at(offset);
          if (stored === undefined || !isFor(stored)) continue;
          const state = offset < (hold?.cursor ?? next) ? 'in-flight' : 'ready';
          found.push({ stored, state, attempts: undefined });
        }
      }
      return found.sort((one, other) => one.stored.sequence - other.stored.sequence);
    },
  };
}
