import type { HashKey } from './hash-key.ts';
import { aggregateOverhead, recordOverhead } from './kpl-format.ts';
import type { RecordEntry } from './record.ts';

/** A message on its way into an aggregate. */
export interface Packable {
  readonly entry: RecordEntry;
  readonly hash: HashKey;
  /** Undefined where nothing is known of its shard: it then travels alone. */
  readonly shardId: string | undefined;
  /** Its key: within one record, or one record after the other. */
  readonly lane: string | undefined;
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

/**
 * Shares a batch out: one record after the other for each shard, and so that records which may overtake one another have
 * no key in common.
 */
export function pack(batch: readonly Packable[], limits: PackingLimits): readonly Package[] {
  const packages: Filling[] = [];
  const filling = new Map<string, Filling>();
  const lastOf = new Map<string, Filling>();

  function begin(shardId: string | undefined, round: number): Filling {
    const begun = { shardId, round, messages: [], bytes: aggregateOverhead };
    packages.push(begun);
    return begun;
  }

  function placeFor({ shardId, lane }: Packable, bytes: number): Filling {
    const last = lane === undefined ? undefined : lastOf.get(lane);
    const current = shardId === undefined ? undefined : filling.get(shardId);
    const fits =
      current !== undefined &&
      current.bytes + bytes <= limits.maxBytes &&
      current.messages.length < limits.maxCount;
    if (fits && (last === undefined || last === current || last.round < current.round))
      return current;
    const next = begin(shardId, last === undefined ? (current?.round ?? 0) : last.round + 1);
    // What is too large for company must not end the package that others are still put into.
    if (shardId !== undefined && aggregateOverhead + bytes <= limits.maxBytes)
      filling.set(shardId, next);
    return next;
  }

  batch.forEach((packable, index) => {
    const bytes = sizeOf(packable.entry);
    const place = placeFor(packable, bytes);
    place.messages.push(index);
    place.bytes += bytes;
    if (packable.lane !== undefined) lastOf.set(packable.lane, place);
  });
  return packages;
}

/** Of a message in an aggregate, at most. */
export function sizeOf({ data, partitionKey, hashKey }: RecordEntry): number {
  return (
    data.byteLength + Buffer.byteLength(partitionKey) + (hashKey?.length ?? 0) + recordOverhead
  );
}
