import type { HashKey } from './hash-key.ts';
import { type Aggregatable, aggregateOverhead } from './kpl-format.ts';

/** Where the messages of a partition key belong: mostly one object for all of them. */
export interface Place {
  readonly hash: HashKey;
  /** Undefined where nothing is known of its shard: they then travel alone. */
  readonly shardId: string | undefined;
}

/** A message on its way into an aggregate. */
export interface Packable {
  /** In an aggregate, at most. */
  readonly bytes: number;
  /** Its key: within one record, or one record after the other. */
  readonly lane: string | undefined;
  readonly payload: Aggregatable & { readonly place: Place };
}

/** Messages that become one record; `messages` are indexes of the batch. */
export interface Package {
  readonly shardId: string | undefined;
  /** Sent when everything of earlier rounds has been answered; packages of one round share no key. */
  readonly round: number;
  readonly messages: readonly number[];
}

export interface PackingLimits {
  readonly maxBytes: number;
  readonly maxCount: number;
}

interface Filling extends Package {
  readonly messages: number[];
  bytes: number;
}

/** The messages of one key, in their order; indexes of the batch. */
interface Group {
  /** Undefined where they belong to several, or it is not known. */
  shardId: string | undefined;
  readonly messages: number[];
  bytes: number;
}

/**
 * Shares a batch out: records for each shard, filled one after the other, so that those which may overtake one another have
 * no key in common. A key goes into one record as a whole where it can, since what is left of it must wait for the answer.
 */
export function pack(batch: readonly Packable[], limits: PackingLimits): readonly Package[] {
  const packages: Filling[] = [];
  const filling = new Map<string, Filling>();

  function begin(shardId: string | undefined, round: number): Filling {
    const begun = { shardId, round, messages: [], bytes: aggregateOverhead };
    packages.push(begun);
    return begun;
  }

  function hasRoom(place: Filling, count: number, bytes: number): boolean {
    return (
      place.bytes + bytes <= limits.maxBytes && place.messages.length + count <= limits.maxCount
    );
  }

  /** Beside others, in the first round. */
  function together({ messages, bytes }: Group, shardId: string): void {
    const current = filling.get(shardId);
    const isOpen = current !== undefined && hasRoom(current, messages.length, bytes);
    const place = isOpen ? current : begin(shardId, 0);
    for (const index of messages) place.messages.push(index);
    place.bytes += bytes;
    filling.set(shardId, place);
  }

  /** More than one record holds, or for more than one shard: in records of its own, each a round after the one before. */
  function apart(messages: readonly number[]): void {
    let place: Filling | undefined;
    for (const index of messages) {
      const { bytes, payload } = batch[index] as Packable;
      const { shardId } = payload.place;
      const isOpen = place?.shardId === shardId && shardId !== undefined;
      if (place === undefined || !isOpen || !hasRoom(place, 1, bytes))
        place = begin(shardId, place === undefined ? 0 : place.round + 1);
      place.messages.push(index);
      place.bytes += bytes;
    }
  }

  for (const group of groupsOf(batch)) {
    const { shardId, messages, bytes } = group;
    const isSmall =
      aggregateOverhead + bytes <= limits.maxBytes && messages.length <= limits.maxCount;
    if (shardId !== undefined && isSmall) together(group, shardId);
    else apart(messages);
  }
  return packages;
}

function groupsOf(batch: readonly Packable[]): readonly Group[] {
  const groups: Group[] = [];
  const ofLane = new Map<string, Group>();
  batch.forEach(({ bytes, lane, payload }, index) => {
    const { shardId } = payload.place;
    const known = lane === undefined ? undefined : ofLane.get(lane);
    if (known === undefined) {
      const begun = { shardId, messages: [index], bytes };
      groups.push(begun);
      if (lane !== undefined) ofLane.set(lane, begun);
      return;
    }
    known.messages.push(index);
    known.bytes += bytes;
    if (known.shardId !== shardId) known.shardId = undefined;
  });
  return groups;
}
