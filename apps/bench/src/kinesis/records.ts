import { createHash } from 'node:crypto';
import { type CannedRecord, shards } from './canned.ts';
import { bodyOf, keys, type Order, orderOf } from './orders.ts';
import { peer } from './peers.ts';

export const inAggregate = 100;

interface Aggregation {
  readonly RecordAggregator: new () => {
    addUserRecord(record: object): void;
    build(): { readonly data: Buffer };
  };
}

/** One for each key. */
export function records(): readonly CannedRecord[] {
  return keys.map((key, index) => ({ key, data: Buffer.from(bodyOf(orderOf(index))) }));
}

/** As the Kinesis Producer Library puts them together: in each what belongs to one shard. */
export function aggregates(): readonly CannedRecord[] {
  const { RecordAggregator } = peer('aws-kinesis-agg') as Aggregation;
  const ofShards = Array.from({ length: shards }, (): Order[] => []);
  keys.forEach((key, index) => ofShards[shardOf(key)]?.push(orderOf(index)));
  return ofShards.flatMap((orders) =>
    Array.from({ length: Math.floor(orders.length / inAggregate) }, (_, index) => {
      const chosen = orders.slice(index * inAggregate, (index + 1) * inAggregate);
      const aggregator = new RecordAggregator();
      for (const order of chosen)
        aggregator.addUserRecord({
          partitionKey: order.customer,
          data: Buffer.from(bodyOf(order)),
        });
      return { key: chosen[0]?.customer ?? '', data: aggregator.build().data };
    }),
  );
}

function shardOf(key: string): number {
  const [first = 0] = createHash('md5').update(key).digest();
  return Math.floor((first * shards) / 256);
}
