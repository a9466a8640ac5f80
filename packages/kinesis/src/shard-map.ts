import type { Shard } from '@aws-sdk/client-kinesis';
import { fromDecimal, type HashKey, type HashRange, isWithin } from './hash-key.ts';

/** A shard that takes records. */
export interface OpenShard {
  readonly id: string;
  readonly range: HashRange;
}

/** Which shard a hash key belongs to, as it was when the shards were listed. */
export interface ShardMap {
  /** In the order of their ranges. */
  readonly shards: readonly OpenShard[];
  /** Undefined in a gap, which only a listing in the middle of a change has. */
  find(hashKey: HashKey): OpenShard | undefined;
  /** Of closed shards too. */
  rangeOf(shardId: string): HashRange | undefined;
}

export function createShardMap(listed: readonly Shard[]): ShardMap {
  const shards = listed
    .filter(({ SequenceNumberRange: range }) => range?.EndingSequenceNumber === undefined)
    .map((shard) => ({ id: shard.ShardId ?? '', range: rangeOf(shard) }))
    .sort((one, other) => (one.range.first < other.range.first ? -1 : 1));

  return {
    shards,
    rangeOf(shardId) {
      const shard = listed.find(({ ShardId }) => ShardId === shardId);
      return shard === undefined ? undefined : rangeOf(shard);
    },
    find(hashKey) {
      let low = 0;
      let high = shards.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        const range = shards[middle]?.range;
        if (range !== undefined && range.last < hashKey) low = middle + 1;
        else high = middle;
      }
      const found = shards[low];
      return found !== undefined && isWithin(found.range, hashKey) ? found : undefined;
    },
  };
}

export function rangeOf({ HashKeyRange: range }: Shard): HashRange {
  return {
    first: fromDecimal(range?.StartingHashKey ?? '0'),
    last: fromDecimal(range?.EndingHashKey ?? '0'),
  };
}
