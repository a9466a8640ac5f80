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
  /** Takes as missing what was intended before, and is neither handled nor in the dead letters. Returns how many pairs. */
  writeOff(intendedBefore: number): number;
  totals(): Totals;
  /** Of a run that has no end: what `totals` does not tell. */
  afterthoughts(): Afterthoughts;
  /** `delivered` of each `<channel>/<group>`. */
  readonly deliveredTo: ReadonlyMap<string, number>;
  /** Of each `<channel>/<group>`: pairs still to be handled, and those in the dead letters. */
  readonly readers: ReadonlyMap<string, ReaderTotals>;
}

export interface ReaderTotals {
  readonly outstanding: number;
  readonly deadLettered: number;
}

export interface Afterthoughts {
  /** Pairs that were written off and have not come since. */
  readonly missing: number;
  /** Part of `outOfOrder`: messages of orders that had been in the dead letters meanwhile. */
  readonly overtakenInDeadLetters: number;
}

export interface TallyOptions {
  /** How many messages that every group has handled are remembered; what comes of older ones is a repeat. @defaultValue all */
  readonly remembered?: number;
  /** @defaultValue `performance.now` */
  readonly now?: () => number;
}

interface Entry {
  readonly message: Message;
  readonly audience: Audience;
  readonly intendedAt: number;
  confirmed: boolean;
  /** Of the groups, who has handled it: one bit each. */
  handled: number;
  dead: number;
  missing: number;
}

/** Who reads a channel. */
interface Audience {
  readonly groups: readonly string[];
  readonly readers: readonly { outstanding: number; deadLettered: number }[];
  /** The bits of all groups. */
  readonly all: number;
}

export function createTally(
  groupsOf: (channel: string) => readonly string[],
  { remembered = Infinity, now = () => performance.now() }: TallyOptions = {},
): Tally {
  const entries = new Map<string, Entry>();
  const done = new Set<string>();
  const deliveredTo = new Map<string, number>();
  const readers = new Map<string, { outstanding: number; deadLettered: number }>();
  const audiences = new Map<string, Audience>();
  const order = createOrderCheck();
  /** Orders of which a message is or was in the dead letters. */
  const buried = new Set<string>();
  let forgets = false;
  let missing = 0;
  let overtakenInDeadLetters = 0;
  let published = 0;
  let publishedPairs = 0;
  let pairs = 0;
  let delivered = 0;
  let repeated = 0;
  let outOfOrder = 0;
  let deadLettered = 0;
  let unexpected = 0;

  function audienceOf(channel: string): Audience {
    const groups = groupsOf(channel);
    const known = audiences.get(channel);
    if (known?.groups.join() === groups.join()) return known;
    const audience: Audience = {
      groups,
      readers: groups.map((group) => {
        const reader = readers.get(`${channel}/${group}`) ?? { outstanding: 0, deadLettered: 0 };
        readers.set(`${channel}/${group}`, reader);
        return reader;
      }),
      all: (1 << groups.length) - 1,
    };
    audiences.set(channel, audience);
    return audience;
  }

  function isTaken({ confirmed, handled, dead }: Entry): boolean {
    return confirmed || handled !== 0 || dead !== 0;
  }

  function bitOf({ audience }: Entry, group: string): number {
    const index = audience.groups.indexOf(group);
    return index < 0 ? 0 : 1 << index;
  }

  /** Counts the message as published if the change was what shows that it is. */
  function change(entry: Entry, apply: () => void): void {
    const before = isTaken(entry);
    apply();
    if (before || !isTaken(entry)) return;
    published += 1;
    publishedPairs += entry.audience.groups.length;
  }

  /** The pair is no longer what it was before: to be handled, in the dead letters, or written off. */
  function leave(entry: Entry, bit: number): void {
    const reader = entry.audience.readers[Math.log2(bit)];
    if (reader === undefined) return;
    if ((entry.dead & bit) !== 0) {
      deadLettered -= 1;
      reader.deadLettered -= 1;
    } else if ((entry.missing & bit) === 0) reader.outstanding -= 1;
    if ((entry.missing & bit) === 0) return;
    missing -= 1;
    entry.missing &= ~bit;
  }

  function forgetOldest(id: string): void {
    done.add(id);
    if (done.size <= remembered) return;
    const [oldest = id] = done;
    done.delete(oldest);
    entries.delete(oldest);
    forgets = true;
  }

  return {
    intend(message) {
      const { id, channel } = message;
      if (entries.has(id)) return;
      const audience = audienceOf(channel);
      const nobody = { handled: 0, dead: 0, missing: 0 };
      entries.set(id, { message, audience, intendedAt: now(), confirmed: false, ...nobody });
      pairs += audience.groups.length;
      for (const reader of audience.readers) reader.outstanding += 1;
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
      return entry === undefined ? forgets : (entry.handled & bitOf(entry, group)) !== 0;
    },
    handle(message, group) {
      const entry = entries.get(message.id);
      const bit = entry === undefined ? 0 : bitOf(entry, group);
      if (entry === undefined && forgets) {
        repeated += 1;
        return 'repeat';
      }
      if (entry === undefined || bit === 0) {
        unexpected += 1;
        return 'unexpected';
      }
      if ((entry.handled & bit) !== 0) {
        repeated += 1;
        return 'repeat';
      }
      leave(entry, bit);
      change(entry, () => {
        entry.handled |= bit;
        entry.dead &= ~bit;
      });
      delivered += 1;
      const reader = `${message.channel}/${group}`;
      deliveredTo.set(reader, (deliveredTo.get(reader) ?? 0) + 1);
      if (!order.next(message, group)) {
        outOfOrder += 1;
        if (buried.has(orderOf(message))) overtakenInDeadLetters += 1;
      }
      if (entry.handled === entry.audience.all) forgetOldest(message.id);
      return 'first';
    },
    deadLetter(id, group) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      const bit = bitOf(entry, group);
      if (((entry.handled | entry.dead) & bit) !== 0 || bit === 0) return;
      leave(entry, bit);
      change(entry, () => {
        entry.dead |= bit;
      });
      deadLettered += 1;
      const reader = entry.audience.readers[Math.log2(bit)];
      if (reader !== undefined) reader.deadLettered += 1;
      buried.add(orderOf(entry.message));
    },
    writeOff(intendedBefore) {
      const before = missing;
      for (const entry of entries.values()) {
        if (entry.intendedAt >= intendedBefore) break;
        entry.audience.readers.forEach((reader, index) => {
          const bit = 1 << index;
          if (((entry.handled | entry.dead | entry.missing) & bit) !== 0) return;
          entry.missing |= bit;
          reader.outstanding -= 1;
          missing += 1;
        });
      }
      return missing - before;
    },
    deliveredTo,
    readers,
    afterthoughts: () => ({ missing, overtakenInDeadLetters }),
    totals: () => ({
      published,
      delivered,
      lost: publishedPairs - delivered,
      repeated,
      outOfOrder,
      deadLettered,
      unexpected,
      outstanding: pairs - delivered - deadLettered - missing,
    }),
  };
}

function orderOf({ customer, sequence }: Message): string {
  return `${customer}/${sequence}`;
}
