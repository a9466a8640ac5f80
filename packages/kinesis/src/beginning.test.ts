import { systemClock } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { begin } from './beginning.ts';
import type { LeaseTable, NewLease } from './leases/lease.ts';
import { readRow, writeRow } from './leases/row.ts';
import type { Reads } from './reads.ts';

const never = new AbortController().signal;
const now = 1_800_000_000_000;

/** Where a group that asks for the latest begins in a shard whose last record came then. */
async function latest(lastCameMs: number): Promise<unknown> {
  const made: NewLease[] = [];
  const table: Pick<LeaseTable, 'scan' | 'create'> = {
    scan: () => Promise.resolve([]),
    create(lease) {
      made.push(lease);
      return Promise.resolve();
    },
  };
  const reads: Reads = {
    iterator: (_, from) =>
      Promise.resolve(from.at === 'time' && from.sinceMs <= lastCameMs ? 'last' : 'end'),
    page: (iterator) =>
      Promise.resolve({
        Records:
          iterator === 'last'
            ? [{ SequenceNumber: '7', Data: new Uint8Array(), PartitionKey: 'k' }]
            : [],
        MillisBehindLatest: 0,
        at: now,
      }),
  };
  const shards = [
    {
      ShardId: 's',
      HashKeyRange: { StartingHashKey: '0', EndingHashKey: '9' },
      SequenceNumberRange: { StartingSequenceNumber: '1' },
    },
  ];
  const options = { table: table as LeaseTable, reads, shards, clock: systemClock, place: 'it' };
  await begin(options, 'latest', never);
  return made.map((lease) => readRow(writeRow(lease))?.checkpoint);
}

test('the latest is after the last record, where one has just come', async () => {
  expect(await latest(now)).toEqual([{ at: 'record', sequence: '7', sub: 0 }]);
});

test('the latest of a shard that has been quiet is a time, and stays it', async () => {
  expect(await latest(now - 60_000)).toEqual([{ at: 'time', sinceMs: now - 1_000 }]);
});
