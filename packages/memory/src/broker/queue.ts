import type { Clock, Token } from '@intermodal/core/driver';
import { createDeadlines, type Timed } from './deadlines.ts';
import { append, type Linked, type List, unlink } from './list.ts';
import type { Stored } from '../message.ts';
import { createWaiting, type Waiting } from './waiting.ts';

/** A message in one queue. Its deadline: the end of its lease, of its delay, or of its life. */
export interface Entry extends Timed, Linked<Entry> {
  readonly stored: Stored;
  readonly lane: Lane;
  /** Times that it was given out. */
  attempts: number;
  visibleAt: number;
  /** While it is leased. Each lease has a token of its own, so that one of an earlier lease settles nothing. */
  lease: Lease | undefined;
}

/** A token that says what it is for: a map of them would keep settled messages alive until the next full collection. */
export interface Lease extends Token {
  /** Who has it, compared by identity: only a holder's own tokens have an entry. */
  readonly value: object;
  readonly entry: Entry;
}

/** What is given out one after another: the messages of a key, or one message without. */
interface Lane extends Linked<Lane>, List<Entry> {
  readonly key: string | undefined;
  leased: number;
  /** Where it stands: ready by priority, or blocked by a lease or a delay. */
  list: List<Lane> | undefined;
}

/** The queue of one group. What it holds is settled one by one, and comes back when its lease ends. */
export interface Queue {
  readonly waiting: Waiting;
  add(stored: Stored, now?: number): void;
  /** Leases up to `max`, highest priority first, then what is ready longest; at most `maxPerKey` of one key. */
  take(max: number, maxPerKey: number, leaseMs: number, holder: object): Lease[];
  /** What a token of `holder` stands for; undefined for any other, and once its lease is over. */
  leased(token: Token, holder: object): Entry | undefined;
  ack(entry: Entry): void;
  /** `free`: as if it had never been given out. */
  giveBack(entry: Entry, delayMs: number, cost: 'counted' | 'free'): void;
  extend(entry: Entry, leaseMs: number): void;
  /** Does what is due: leases, delays and lives end here. */
  tick(): void;
  /** After every change: lets waiting receives take. */
  wake(): void;
  /** Everything unsettled, by arrival. */
  entries(): Entry[];
  /** Drops what is not leased. */
  purge(): void;
}

const priorities = 10;
// A system timer of more fires at once.
const longestTimerMs = 2_147_483_647;

export function createQueue(clock: Clock): Queue {
  const ready = Array.from({ length: priorities }, (): List<Lane> => emptyList());
  const blocked: List<Lane> = emptyList();
  const keyed = new Map<string, Lane>();
  const deadlines = createDeadlines<Entry>();
  const waiting = createWaiting(clock, arm);
  let cancelAlarm: (() => void) | undefined;
  let alarmAt = Infinity;

  function laneOf(key: string | undefined): Lane {
    const known = key === undefined ? undefined : keyed.get(key);
    if (known !== undefined) return known;
    const lane: Lane = {
      key,
      leased: 0,
      list: undefined,
      first: undefined,
      last: undefined,
      previous: undefined,
      next: undefined,
    };
    if (key !== undefined) keyed.set(key, lane);
    return lane;
  }

  /** Puts a lane where its first message says. Until a lease of it ends, nobody else gets anything of it. */
  function settleLane(lane: Lane): void {
    const { first } = lane;
    let list: List<Lane> | undefined;
    if (first !== undefined) {
      // Nearly always visible, and then nobody need know the time.
      const visible = first.visibleAt === 0 || first.visibleAt <= clock.now();
      const free = visible && lane.leased === 0;
      list = free ? ready[first.stored.priority] : blocked;
    } else if (lane.key !== undefined) keyed.delete(lane.key);
    if (list === lane.list) return;
    if (lane.list !== undefined) unlink(lane.list, lane);
    if (list !== undefined) append(list, lane);
    lane.list = list;
  }

  /** For an entry that is not leased: it waits, or its life is over. */
  function settleEntry(entry: Entry, now: number): void {
    const { expiresAt } = entry.stored;
    if (expiresAt <= now) {
      drop(entry);
      return;
    }
    // Once visible it stays so, even when the system's clock is set back.
    if (entry.visibleAt <= now) entry.visibleAt = 0;
    deadlines.set(entry, Math.min(entry.visibleAt || Infinity, expiresAt));
    settleLane(entry.lane);
  }

  function drop(entry: Entry): void {
    deadlines.set(entry, Infinity);
    unlink(entry.lane, entry);
    settleLane(entry.lane);
  }

  function endLease(entry: Entry): void {
    entry.lease = undefined;
    entry.lane.leased -= 1;
  }

  function giveBack(entry: Entry, delayMs: number, cost: 'counted' | 'free'): void {
    const now = clock.now();
    endLease(entry);
    if (cost === 'free') entry.attempts -= 1;
    entry.visibleAt = now + delayMs;
    settleEntry(entry, now);
  }

  function tick(): void {
    const now = clock.now();
    for (let due = deadlines.first; due !== undefined && due.dueAt <= now; due = deadlines.first) {
      if (due.lease === undefined) settleEntry(due, now);
      else giveBack(due, 0, 'counted');
    }
  }

  function wake(): void {
    if (ready.some((list) => list.first !== undefined)) waiting.wake();
    arm();
  }

  /** One timer, for the earliest deadline, and only while a receive waits: nobody else would notice. */
  function arm(): void {
    const dueAt = waiting.size > 0 ? (deadlines.first?.dueAt ?? Infinity) : Infinity;
    // One that comes too early costs less than setting it anew after each settlement.
    if (dueAt >= alarmAt && waiting.size > 0) return;
    cancelAlarm?.();
    cancelAlarm = undefined;
    alarmAt = dueAt;
    if (dueAt === Infinity) return;
    cancelAlarm = clock.setTimer(onAlarm, Math.min(dueAt - clock.now(), longestTimerMs));
  }

  function onAlarm(): void {
    alarmAt = Infinity;
    cancelAlarm = undefined;
    tick();
    wake();
  }

  function entries(): Entry[] {
    const found: Entry[] = [];
    for (const list of [blocked, ...ready]) {
      for (let lane = list.first; lane !== undefined; lane = lane.next) {
        for (let entry = lane.first; entry !== undefined; entry = entry.next) found.push(entry);
      }
    }
    return found.sort((one, other) => one.stored.sequence - other.stored.sequence);
  }

  return {
    waiting,
    add(stored, now = clock.now()) {
      const lane = laneOf(stored.message.key);
      const entry: Entry = {
        stored,
        lane,
        attempts: 0,
        visibleAt: stored.visibleAt,
        lease: undefined,
        dueAt: Infinity,
        slot: -1,
        previous: undefined,
        next: undefined,
      };
      append(lane, entry);
      settleEntry(entry, now);
    },
    take(max, maxPerKey, leaseMs, holder) {
      const taken: Lease[] = [];
      const now = clock.now();
      for (let priority = priorities - 1; priority >= 0 && taken.length < max; priority -= 1) {
        const list = ready[priority];
        for (let lane = list?.first; lane !== undefined && taken.length < max; lane = list?.first) {
          const room = Math.min(maxPerKey, max - taken.length);
          for (
            let entry = lane.first;
            entry !== undefined && lane.leased < room && entry.visibleAt <= now;
            entry = entry.next
          ) {
            entry.attempts += 1;
            const lease: Lease = { value: holder, entry };
            entry.lease = lease;
            deadlines.set(entry, now + leaseMs);
            lane.leased += 1;
            taken.push(lease);
          }
          settleLane(lane);
        }
      }
      return taken;
    },
    leased(token, holder) {
      if (token.value !== holder) return undefined;
      const { entry } = token as Partial<Lease>;
      return entry?.lease === token ? entry : undefined;
    },
    ack(entry) {
      endLease(entry);
      drop(entry);
    },
    giveBack,
    extend(entry, leaseMs) {
      deadlines.set(entry, clock.now() + leaseMs);
    },
    tick,
    wake,
    entries,
    purge() {
      for (const entry of entries()) if (entry.lease === undefined) drop(entry);
    },
  };
}

function emptyList<T>(): List<T> {
  return { first: undefined, last: undefined };
}
