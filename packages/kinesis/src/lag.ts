import { ask } from './ask.ts';
import { readable } from './leases/balance.ts';
import type { Lease, LeaseTable } from './leases/lease.ts';
import type { Page, Reads } from './reads.ts';
import { arrivalOf } from './record-source.ts';

// Reads that may bring nothing although there is something further on.
const maxReads = 20;

/**
 * How old the first message is that a group has not checkpointed, by shard, in milliseconds; 0 where there is none. It costs
 * a read or more of each shard, which other readers of the shard then lack.
 */
export async function lagOf(
  table: LeaseTable,
  reads: Reads,
  place: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const open = readable(await table.scan(signal));
  const lags = await Promise.all(
    open.map(async (lease) => [lease.shardId, await lagIn(lease, reads, place, signal)] as const),
  );
  return new Map(lags);
}

async function lagIn(
  { shardId, checkpoint }: Lease,
  reads: Reads,
  place: string,
  signal: AbortSignal,
): Promise<number> {
  const from =
    checkpoint.at === 'record' && checkpoint.sub >= 0
      ? ({ at: 'after', sequence: checkpoint.sequence } as const)
      : checkpoint;
  let iterator: string | undefined = await ask(reads.iterator(shardId, from, signal), place);
  let behindMs = 0;
  for (let count = 0; count < maxReads && iterator !== undefined; count += 1) {
    const page: Page = await ask(reads.page(iterator, 1, signal), place);
    const arrivedAt = arrivalOf(page.Records?.[0]);
    behindMs = page.MillisBehindLatest ?? 0;
    // The service tells its time in whole seconds.
    if (arrivedAt !== undefined) return Math.max(behindMs, (page.at ?? arrivedAt) - arrivedAt, 1);
    if (behindMs === 0) return 0;
    iterator = page.NextShardIterator;
  }
  return behindMs;
}
