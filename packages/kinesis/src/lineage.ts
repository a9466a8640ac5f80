import type { Shard } from '@aws-sdk/client-kinesis';
import { rangeOf } from './shard-map.ts';
import { type Checkpoint, hasEnded, type Lease, type NewLease } from './leases/lease.ts';

/** A shard and what it came out of, as far as it is still listed. */
export interface Kin {
  readonly shardId: string;
  readonly parents: readonly string[];
  readonly shard: Shard;
  readonly isOpen: boolean;
}

/** All shards that a stream still keeps. */
export function kinOf(shards: readonly Shard[]): readonly Kin[] {
  const listed = new Set(shards.map(({ ShardId }) => ShardId));
  return shards.map((shard) => ({
    shardId: shard.ShardId ?? '',
    parents: [shard.ParentShardId, shard.AdjacentParentShardId].filter(
      (parent): parent is string => parent !== undefined && listed.has(parent),
    ),
    shard,
    isOpen: shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
  }));
}

/** @param begunMs when the group began, for what comes out of the shard; a checkpoint at a time says it by itself */
export function leaseFor(
  { shardId, parents, shard }: Kin,
  checkpoint: Checkpoint,
  begunMs: number | undefined,
): NewLease {
  const sinceMs = checkpoint.at === 'time' ? checkpoint.sinceMs : begunMs;
  return { shardId, checkpoint, sinceMs, parents, range: rangeOf(shard) };
}

/** Nothing comes before them: where a group begins that reads everything. */
export function roots(kin: readonly Kin[]): readonly Kin[] {
  return kin.filter(({ parents }) => parents.length === 0);
}

/** What came directly out of a shard. A merge is its children of both parents. */
function childrenOf(kin: readonly Kin[], shardId: string): readonly Kin[] {
  return kin.filter(({ parents }) => parents.includes(shardId));
}

/**
 * The children of a shard that may be begun once it and whatever has a row are at their end. One whose other parent has
 * not even been reached is left to that parent: without a row, it would pass for one that was done with long ago.
 */
export function nextOf(
  kin: readonly Kin[],
  leases: readonly Lease[],
  shardId: string,
): readonly Kin[] {
  const rows = new Map(leases.map((lease) => [lease.shardId, lease]));
  const isReached = (parent: string): boolean =>
    rows.has(parent) ||
    ![...ancestors(kin, parent)].some((id) => {
      const row = rows.get(id);
      return row !== undefined && !hasEnded(row);
    });
  return childrenOf(kin, shardId).filter(({ parents }) => parents.every(isReached));
}

function ancestors(kin: readonly Kin[], shardId: string): ReadonlySet<string> {
  return reachable(shardId, (id) => kin.find((one) => one.shardId === id)?.parents ?? []);
}

function descendants(kin: readonly Kin[], shardId: string): ReadonlySet<string> {
  return reachable(shardId, (id) => childrenOf(kin, id).map((child) => child.shardId));
}

function reachable(from: string, next: (id: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const due = [...next(from)];
  for (let id = due.pop(); id !== undefined; id = due.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    due.push(...next(id));
  }
  return found;
}

/** Where a group begins that reads one shard from a record on, and the rest of the stream from the same time on. */
export function besides(kin: readonly Kin[], shardId: string): readonly Kin[] {
  const before = ancestors(kin, shardId);
  const after = descendants(kin, shardId);
  return kin.filter(
    (one) =>
      one.shardId !== shardId &&
      !before.has(one.shardId) &&
      !after.has(one.shardId) &&
      one.parents.every((parent) => before.has(parent)),
  );
}

/**
 * Rows at their end whose shards the stream does not keep any more. Not earlier: a worker that listed the shards before
 * would take the group for one that never read them.
 */
export function outlived(kin: readonly Kin[], leases: readonly Lease[]): readonly Lease[] {
  const listed = new Set(kin.map(({ shardId }) => shardId));
  return leases.filter((lease) => hasEnded(lease) && !listed.has(lease.shardId));
}

/** Shards of which no lease tells anything, nor one of their family: they were never reached. */
export function forgotten(kin: readonly Kin[], leases: readonly Lease[]): readonly Kin[] {
  const known = new Set(leases.map(({ shardId }) => shardId));
  const lost = kin.filter(({ shardId }) => {
    if (known.has(shardId)) return false;
    const family = [...ancestors(kin, shardId), ...descendants(kin, shardId)];
    return family.every((id) => !known.has(id));
  });
  const ids = new Set(lost.map(({ shardId }) => shardId));
  // Children follow by themselves when their parents end.
  return lost.filter(({ parents }) => parents.every((parent) => !ids.has(parent)));
}
