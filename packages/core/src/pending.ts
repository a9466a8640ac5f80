import type { Published } from './client-types.ts';
import type { Prepared, Sender, WireMessage } from './driver.ts';
import type { IntermodalError } from './error.ts';
import type { Timer } from './wheel.ts';

/** One publish between the caller and the broker's answer. It is its own timer and list node. */
export interface Pending extends Timer {
  readonly message: WireMessage;
  readonly since: number;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: IntermodalError) => void;
  timeoutMs: number;
  prepared: Prepared | undefined;
  preparedBy: Sender | undefined;
  /** What it must stay in order with, while it is in there. */
  lane: Lane | undefined;
  /** What it counts against the bound; -1 while it is outside of it. */
  admittedBytes: number;
  /** The caller has its answer. */
  settled: boolean;
  /** Handed to the driver, whose answer is still to come. */
  sending: boolean;
  /** It may have arrived although no answer says so. */
  uncertain: boolean;
  failures: number;
  retryAfterMs: number;
  lastError: IntermodalError | undefined;
  parked: Timer | undefined;
  unlisten: (() => void) | undefined;
  list: PendingList | undefined;
  previous: Pending | undefined;
  next: Pending | undefined;
}

/** Messages that must stay in order among themselves. */
export interface Lane {
  readonly name: string;
  /** Several may be in one batch. If so, all that may go are ready, and what is blocked was published before those. */
  readonly together: boolean;
  ready: number;
  readyBytes: number;
  /** Being sent, or held after a failure. */
  active: number;
  /** Which batch the active ones were taken for. */
  turn: number;
  readonly blocked: PendingList;
}

export interface PendingList {
  first: Pending | undefined;
  last: Pending | undefined;
}

function nothing(): void {
  // Replaced before the timer is set.
}

export function createPending(
  message: WireMessage,
  since: number,
  resolve: (published: Published) => void,
  reject: (error: IntermodalError) => void,
): Pending {
  return {
    message,
    since,
    resolve,
    reject,
    timeoutMs: 0,
    prepared: undefined,
    preparedBy: undefined,
    lane: undefined,
    admittedBytes: -1,
    settled: false,
    sending: false,
    uncertain: false,
    failures: 0,
    retryAfterMs: 0,
    lastError: undefined,
    parked: undefined,
    unlisten: undefined,
    list: undefined,
    previous: undefined,
    next: undefined,
    onDue: nothing,
    bucket: undefined,
    earlier: undefined,
    later: undefined,
  };
}

/** Its form for this connection. */
export function keepPrepared(
  pending: Pending,
  prepared: Prepared,
  preparedBy: Sender | undefined,
): void {
  pending.prepared = prepared;
  pending.preparedBy = preparedBy;
}

export function append(list: PendingList, pending: Pending): void {
  pending.list = list;
  pending.previous = list.last;
  pending.next = undefined;
  if (list.last === undefined) list.first = pending;
  else list.last.next = pending;
  list.last = pending;
}

export function prepend(list: PendingList, pending: Pending): void {
  pending.list = list;
  pending.next = list.first;
  pending.previous = undefined;
  if (list.first === undefined) list.last = pending;
  else list.first.previous = pending;
  list.first = pending;
}

export function unlink(list: PendingList, pending: Pending): void {
  if (pending.list !== list) return;
  if (pending.previous === undefined) list.first = pending.next;
  else pending.previous.next = pending.next;
  if (pending.next === undefined) list.last = pending.previous;
  else pending.next.previous = pending.previous;
  pending.list = undefined;
  pending.previous = undefined;
  pending.next = undefined;
}

export function takeNext(list: PendingList): Pending | undefined {
  const { first } = list;
  if (first !== undefined) unlink(list, first);
  return first;
}

export function listed(list: PendingList): Pending[] {
  const found: Pending[] = [];
  for (let pending = list.first; pending !== undefined; pending = pending.next) found.push(pending);
  return found;
}
