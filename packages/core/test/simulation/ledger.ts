import type { WireMessage } from '../../src/driver.ts';
import type { Check } from './checks.ts';
import type { ChannelPlan, Foreign } from './plan.ts';
import type { Fate, Publication, StoredMessage } from './records.ts';

/** The first thing that was wrong; a run ends there. */
export interface Violation {
  readonly check: Check;
  readonly text: string;
}

/** What was published, what was stored, and what became of it in each group. */
export interface Ledger {
  readonly violation: Violation | undefined;
  violate(check: Check, text: string): void;
  readonly publications: ReadonlyMap<string, Publication>;
  addPublication(publication: Publication): void;
  /** All copies of a channel's key, in the broker's order. */
  ofKey(channel: string, key: string): readonly StoredMessage[];
  addStored(
    channel: ChannelPlan,
    message: WireMessage,
    at: number,
    foreign: Foreign | undefined,
  ): StoredMessage;
  readonly stored: readonly StoredMessage[];
  fate(channel: ChannelPlan, group: string, id: string): Fate;
  fates(): Iterable<Fate>;
  /** Whether a dead letter may have failed, so that what must become one comes again. */
  deadLettersTroubled: boolean;
  /** A fault has touched it: it may be repeated. */
  disturb(channel: string, group: string, id: string): void;
}

export function createLedger(): Ledger {
  const publications = new Map<string, Publication>();
  const stored: StoredMessage[] = [];
  const byKey = new Map<string, StoredMessage[]>();
  const fates = new Map<string, Fate>();
  const copies = new Map<string, number>();
  let violation: Violation | undefined;

  function fate(channel: ChannelPlan, group: string, id: string): Fate {
    const name = `${channel.name}/${group}/${id}`;
    const known = fates.get(name);
    if (known !== undefined) return known;
    const made: Fate = {
      id,
      group,
      channel,
      completed: false,
      deadLetters: 0,
      condemned: undefined,
      starts: 0,
      notBefore: 0,
      disturbed: false,
    };
    fates.set(name, made);
    return made;
  }

  return {
    get violation() {
      return violation;
    },
    violate(check, text) {
      violation ??= { check, text };
    },
    publications,
    addPublication(publication) {
      publications.set(publication.plan.id, publication);
    },
    ofKey: (channel, key) => byKey.get(`${channel}\n${key}`) ?? [],
    addStored(channel, message, at, foreign) {
      const publication = publications.get(message.id);
      const one: StoredMessage = {
        position: stored.length,
        at,
        channel,
        message,
        publication,
        foreign,
      };
      stored.push(one);
      if (message.key !== undefined) {
        const name = `${channel.name}\n${message.key}`;
        const list = byKey.get(name);
        if (list === undefined) byKey.set(name, [one]);
        else list.push(one);
      }
      const count = (copies.get(message.id) ?? 0) + 1;
      copies.set(message.id, count);
      if (count > 1)
        for (const group of channel.groups) fate(channel, group, message.id).disturbed = true;
      if (foreign === 'garbage' || foreign === 'undecodable')
        for (const group of channel.groups) fate(channel, group, message.id).condemned = '';
      if (publication !== undefined) publication.firstStored ??= one;
      return one;
    },
    stored,
    deadLettersTroubled: false,
    fate,
    fates: () => fates.values(),
    disturb(channel, group, id) {
      const known = fates.get(`${channel}/${group}/${id}`);
      if (known !== undefined) known.disturbed = true;
    },
  };
}

/** Whether two wire bodies hold the same bytes in the same form. */
export function isSameBody(left: string | Uint8Array, right: string | Uint8Array): boolean {
  if (typeof left === 'string' || typeof right === 'string') return left === right;
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
