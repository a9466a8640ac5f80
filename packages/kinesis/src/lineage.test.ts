import type { Shard } from '@aws-sdk/client-kinesis';
import { expect, test } from 'vitest';
import type { Checkpoint, Lease } from './leases/lease.ts';
import { readRow, writeRow } from './leases/row.ts';
import { besides, forgotten, kinOf, leaseFor, nextOf, outlived, roots } from './lineage.ts';

/** `a` was split into `b` and `c`, and `c` merged with `d` into `e`. */
const family = [shard('a'), shard('b', 'a'), shard('c', 'a'), shard('d'), shard('e', 'c', 'd')];
const kin = kinOf(family);

function shard(ShardId: string, ParentShardId?: string, AdjacentParentShardId?: string): Shard {
  return {
    ShardId,
    ...(ParentShardId === undefined ? {} : { ParentShardId }),
    ...(AdjacentParentShardId === undefined ? {} : { AdjacentParentShardId }),
    HashKeyRange: { StartingHashKey: '0', EndingHashKey: '9' },
    SequenceNumberRange: { StartingSequenceNumber: '1' },
  };
}

function lease(shardId: string, at: 'end' | 'earliest'): Lease {
  const checkpoint: Checkpoint = { at };
  return {
    shardId,
    checkpoint,
    owner: undefined,
    leaving: undefined,
    counter: 1,
    sinceMs: undefined,
    switches: 0,
    parents: [],
    children: [],
    range: undefined,
  };
}

function ids(found: readonly { readonly shardId: string }[]): string {
  return found.map(({ shardId }) => shardId).join('');
}

test('whoever reads everything begins with the roots', () => {
  expect(ids(roots(kin))).toBe('ad');
});

test('a lease that begins at a time still does when its row is read', () => {
  const [first] = kin;
  const checkpoint = { at: 'time', sinceMs: 1_800_000_000_000 } as const;
  const row = writeRow(leaseFor(first!, checkpoint, undefined));
  expect(readRow(row)?.checkpoint).toEqual(checkpoint);
});

test('a parent that is not listed any more is none', () => {
  expect(ids(roots(kinOf(family.slice(1))))).toBe('bcd');
});

test('beside a shard are those that are neither before nor after it', () => {
  expect(ids(besides(kin, 'c'))).toBe('bd');
  expect(ids(besides(kin, 'e'))).toBe('b');
  expect(ids(besides(kin, 'a'))).toBe('d');
});

test('a merge waits for a parent that is being read', () => {
  expect(ids(nextOf(kin, [lease('c', 'earliest'), lease('d', 'earliest')], 'd'))).toBe('e');
});

test('a merge is left to a parent that has not been reached', () => {
  expect(ids(nextOf(kin, [lease('a', 'earliest'), lease('d', 'earliest')], 'd'))).toBe('');
  expect(ids(nextOf(kin, [lease('a', 'end'), lease('d', 'end')], 'c'))).toBe('e');
});

test('a merge does not wait for a parent from before the group', () => {
  expect(ids(nextOf(kin, [lease('d', 'earliest')], 'd'))).toBe('e');
});

test('forgotten are the first of a family that no row tells of', () => {
  expect(ids(forgotten(kin, []))).toBe('ad');
  expect(ids(forgotten(kin, [lease('b', 'earliest')]))).toBe('cd');
  expect(ids(forgotten(kin, [lease('e', 'earliest')]))).toBe('b');
});

test('outlived are rows at their end whose shards are gone', () => {
  const leases = [lease('a', 'end'), lease('z', 'end'), lease('y', 'earliest')];
  expect(ids(outlived(kin, leases))).toBe('z');
});
