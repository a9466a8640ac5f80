import type { _Record as NativeRecord, Shard } from '@aws-sdk/client-kinesis';
import type { Clock } from '@intermodal/core/driver';
import { hashKeyOf } from '../../src/hash-key.ts';
import { encodeAggregate } from '../../src/kpl-format.ts';
import { compareSequences } from '../../src/position.ts';
import type { ReadFrom, Reads } from '../../src/reads.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

interface SimShard {
  readonly id: string;
  readonly first: bigint;
  readonly last: bigint;
  readonly parents: readonly string[];
  readonly records: NativeRecord[];
  closed: boolean;
}

/** A message of the simulation: the `n`th of its key. */
export interface Numbered {
  readonly key: string;
  readonly n: number;
}

/** A stream that is resharded while it is read. */
export interface Stream {
  put(messages: readonly Numbered[]): void;
  split(): void;
  merge(): void;
  shards(): readonly Shard[];
  through(network: Network): Reads;
}

function isFrom(record: NativeRecord, from: ReadFrom): boolean {
  if (from.at === 'earliest') return true;
  if (from.at === 'time')
    return (record.ApproximateArrivalTimestamp?.getTime() ?? 0) >= from.sinceMs;
  if (from.at === 'latest' || from.at === 'end') return false;
  const order = compareSequences(record.SequenceNumber ?? '', from.sequence);
  return from.at === 'record' ? order >= 0 : order > 0;
}

const most = (1n << 128n) - 1n;

export function createStream(world: Clock, random: Random, count: number): Stream {
  const shards: SimShard[] = [];
  let sequence = 1_000_000_000_000_000_000_000n;
  for (let index = 0n; index < count; index += 1n) {
    const size = (most + 1n) / BigInt(count);
    const last = index === BigInt(count) - 1n ? most : (index + 1n) * size - 1n;
    add(index * size, last, []);
  }

  function add(first: bigint, last: bigint, parents: readonly string[]): void {
    const id = `shardId-${String(shards.length).padStart(12, '0')}`;
    shards.push({ id, first, last, parents, records: [], closed: false });
  }

  function open(): readonly SimShard[] {
    return shards.filter(({ closed }) => !closed).sort((a, b) => (a.first < b.first ? -1 : 1));
  }

  function shardOf(key: string): SimShard {
    const hash = BigInt(`0x${hashKeyOf(key)}`);
    return open().find(({ first, last }) => first <= hash && hash <= last) as SimShard;
  }

  function append(shard: SimShard, data: Uint8Array, partitionKey: string): void {
    sequence += BigInt(random.between(1, 1_000_000));
    shard.records.push({
      SequenceNumber: String(sequence),
      ApproximateArrivalTimestamp: new Date(world.now()),
      Data: data,
      PartitionKey: partitionKey,
    });
  }

  const bodyOf = (message: Numbered): Uint8Array => Buffer.from(JSON.stringify(message));

  function listed({ id, first, last, parents, closed }: SimShard): Shard {
    return {
      ShardId: id,
      HashKeyRange: { StartingHashKey: String(first), EndingHashKey: String(last) },
      SequenceNumberRange: {
        StartingSequenceNumber: '1',
        ...(closed ? { EndingSequenceNumber: '9' } : {}),
      },
      ...(parents[0] === undefined ? {} : { ParentShardId: parents[0] }),
      ...(parents[1] === undefined ? {} : { AdjacentParentShardId: parents[1] }),
    };
  }

  return {
    put(messages) {
      const byShard = new Map<SimShard, Numbered[]>();
      for (const message of messages) {
        const shard = shardOf(message.key);
        byShard.set(shard, [...(byShard.get(shard) ?? []), message]);
      }
      for (const [shard, inside] of byShard) {
        if (inside.length > 1 && random.chance(0.5)) {
          const records = inside.map((message) => ({
            data: bodyOf(message),
            partitionKey: message.key,
            hashKey: undefined,
          }));
          append(shard, encodeAggregate(records), inside[0]?.key ?? '');
        } else for (const message of inside) append(shard, bodyOf(message), message.key);
      }
    },
    split() {
      const shard = random.pick(open());
      if (shard === undefined || shard.last - shard.first < 8n) return;
      shard.closed = true;
      const middle = (shard.first + shard.last) / 2n;
      add(shard.first, middle, [shard.id]);
      add(middle + 1n, shard.last, [shard.id]);
    },
    merge() {
      const all = open();
      if (all.length < 2) return;
      const index = random.between(0, all.length - 2);
      const [left, right] = [all[index] as SimShard, all[index + 1] as SimShard];
      left.closed = true;
      right.closed = true;
      add(left.first, right.last, [left.id, right.id]);
    },
    shards: () => shards.map(listed),
    through: (network) => ({
      iterator: (shardId, from) =>
        network.call(() => {
          const { records } = shards.find(({ id }) => id === shardId) as SimShard;
          const at = records.findIndex((record) => isFrom(record, from));
          return `${shardId}/${at === -1 ? records.length : at}`;
        }),
      page: (iterator) =>
        network.call(() => {
          const [shardId = '', from = '0'] = iterator.split('/');
          const { records, closed } = shards.find(({ id }) => id === shardId) as SimShard;
          const until = Math.min(records.length, Number(from) + random.between(0, 20));
          const isEnd = closed && until === records.length;
          return {
            Records: records.slice(Number(from), until),
            NextShardIterator: isEnd ? undefined : `${shardId}/${until}`,
            MillisBehindLatest: until < records.length ? 1_000 : 0,
            at: world.now(),
          };
        }),
    }),
  };
}
