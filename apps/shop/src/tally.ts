import { createOrderCheck } from './order-check.ts';

/** A message of this run, as its publisher or its consumer sees it. */
export interface Message {
  readonly id: string;
  readonly channel: string;
  readonly customer: string;
  /** Place among the customer's orders. */
  readonly sequence: number;
  /** What happened to the order, on a channel that tells several things about each: 0 first. */
  readonly step: number;
}

export interface Totals {
  /** Messages that the transport has taken: confirmed, or seen by a consumer. */
  readonly published: number;
  /** Pairs of a published message and a group that handled it. */
  readonly delivered: number;
  /** Pairs of a published message and a group of its channel that has not handled it. Final once the run is over. */
  readonly lost: number;
  /** Deliveries of a message to a group beyond the first that it handled. */
  readonly repeated: number;
  /**
   * Messages that a group handled, for the first time, after one of the same customer that comes later: of a later
   * order (a higher sequence) and the same step or a later one, or of the same order and a later step.
   */
  readonly outOfOrder: number;
  /** Pairs that nobody will handle any more: in the dead letters. Part of `lost`. */
  readonly deadLettered: number;
  /** Deliveries of messages that were never published. */
  readonly unexpected: number;
  /** Pairs still to be handled, of messages that are not confirmed included. */
  readonly outstanding: number;
}

/**
 * Counts what happened to messages from nothing but their ids and sequence numbers as publishers and consumers saw
 * them; no I/O. What a run did, replayed in the same order, gives the same totals.
 */
export interface Tally {
  /** A message is about to be published. Again: nothing changes. */
  intend(message: Message): void;
  confirm(id: string): void;
  isIntended(id: string): boolean;
  /** Whether it need not be published any more. */
  isPublished(id: string): boolean;
  isHandled(id: string, group: string): boolean;
  /** `first`, unless the group has handled it before or nobody ever published it. */
  handle(message: Message, group: string): 'first' | 'repeat' | 'unexpected';
  deadLetter(id: string, group: string): void;
  totals(): Totals;
  /** `delivered` of each `<channel>/<group>`. */
  readonly deliveredTo: ReadonlyMap<string, number>;
}

interface Entry {
  readonly groups: readonly string[];
  confirmed: boolean;
  /** Of `groups`, who has handled it: one bit each. */
  handled: number;
  dead: number;
}

export function createTally(groupsOf: (channel: string) => readonly string[]): Tally {
  const entries = new Map<string, Entry>();
  const deliveredTo = new Map<string, number>();
  const order = createOrderCheck();
  let published = 0;
  let publishedPairs = 0;
  let pairs = 0;
  let delivered = 0;
  let repeated = 0;
  let outOfOrder = 0;
  let deadLettered = 0;
  let unexpected = 0;

  function isTaken({ confirmed, handled, dead }: Entry): boolean {
    return confirmed || handled !== 0 || dead !== 0;
  }

  function bitOf(entry: Entry, group: string): number {
    const index = entry.groups.indexOf(group);
    return index < 0 ? 0 : 1 << index;
  }

  /** Counts the message as published if the change was what shows that it is. */
  function change(entry: Entry, apply: () => void): void {
    const before = isTaken(entry);
    apply();
    if (before || !isTaken(entry)) return;
    published += 1;
    publishedPairs += entry.groups.length;
  }

  return {
    intend({ id, channel }) {
      if (entries.has(id)) return;
      const groups = groupsOf(channel);
      entries.set(id, { groups, confirmed: false, handled: 0, dead: 0 });
      pairs += groups.length;
    },
    confirm(id) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      change(entry, () => {
        entry.confirmed = true;
      });
    },
    isIntended: (id) => entries.has(id),
    isPublished(id) {
      const entry = entries.get(id);
      return entry !== undefined && isTaken(entry);
    },
    isHandled(id, group) {
      const entry = entries.get(id);
      return entry !== undefined && (entry.handled & bitOf(entry, group)) !== 0;
    },
    handle(message, group) {
      const entry = entries.get(message.id);
      const bit = entry === undefined ? 0 : bitOf(entry, group);
      if (entry === undefined || bit === 0) {
        unexpected += 1;
        return 'unexpected';
      }
      if ((entry.handled & bit) !== 0) {
        repeated += 1;
        return 'repeat';
      }
      if ((entry.dead & bit) !== 0) deadLettered -= 1;
      change(entry, () => {
        entry.handled |= bit;
        entry.dead &= ~bit;
      });
      delivered += 1;
      const reader = `${message.channel}/${group}`;
      deliveredTo.set(reader, (deliveredTo.get(reader) ?? 0) + 1);
      if (!order.next(message, group)) outOfOrder += 1;
      return 'first';
    },
    deadLetter(id, group) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      const bit = bitOf(entry, group);
      if (((entry.handled | entry.dead) & bit) !== 0 || bit === 0) return;
      change(entry, () => {
        entry.dead |= bit;
      });
      deadLettered += 1;
    },
    deliveredTo,
    totals: () => ({
      published,
      delivered,
      lost: publishedPairs - delivered,
      repeated,
      outOfOrder,
      deadLettered,
      unexpected,
      outstanding: pairs - delivered - deadLettered,
    }),
  };
}
