import { expect, test } from 'vitest';
import { changeOf, readRow, writeRow } from './row.ts';

test('a row of the Kinesis Client Library is read', () => {
  const row = {
    leaseKey: { S: 'shardId-000000000002' },
    leaseOwner: { S: 'worker-1' },
    leaseCounter: { N: '17' },
    checkpoint: { S: '49680473098957835042550487841389' },
    checkpointSubSequenceNumber: { N: '3' },
    ownerSwitchesSinceCheckpoint: { N: '1' },
    parentShardId: { SS: ['shardId-000000000000', 'shardId-000000000001'] },
    startingHashKey: { S: '0' },
    endingHashKey: { S: '255' },
    pendingCheckpointState: { B: new Uint8Array(1) },
    throughputKBps: { N: '0.5' },
  };
  expect(readRow(row)).toEqual({
    shardId: 'shardId-000000000002',
    owner: 'worker-1',
    leaving: undefined,
    counter: 17,
    checkpoint: { at: 'record', sequence: '49680473098957835042550487841389', sub: 3 },
    sinceMs: undefined,
    switches: 1,
    parents: ['shardId-000000000000', 'shardId-000000000001'],
    children: [],
    range: { first: '0'.repeat(32), last: `${'0'.repeat(30)}ff` },
  });
});

test.each([
  ['TRIM_HORIZON', { at: 'earliest' }],
  ['LATEST', { at: 'latest' }],
  ['SHARD_END', { at: 'end' }],
  ['AT_TIMESTAMP', { at: 'earliest' }],
])('the checkpoint %s', (text, checkpoint) => {
  const row = { leaseKey: { S: 's' }, checkpoint: { S: text } };
  expect(readRow(row)?.checkpoint).toEqual(checkpoint);
});

test.each(['STREAM', 'LEADER', 'WORKER_METRIC_STATS', 'TABLE_MIGRATION'])(
  'a row of the kind %s is none of a shard',
  (kind) => {
    expect(readRow({ leaseKey: { S: 'x' }, entityType: { S: kind } })).toBeUndefined();
  },
);

test('a row that says it is a lease is one', () => {
  expect(readRow({ leaseKey: { S: 'x' }, entityType: { S: 'LEASE' } })?.shardId).toBe('x');
});

test('what is written is read, a time among it', () => {
  const lease = {
    shardId: 'shardId-000000000000',
    checkpoint: { at: 'time', sinceMs: 1_800_000_000_000 },
    sinceMs: 1_800_000_000_000,
    parents: [],
    range: { first: '0'.repeat(32), last: 'f'.repeat(32) },
  } as const;
  expect(readRow(writeRow(lease))).toMatchObject(lease);
});

test('a change sets what it has, and removes what it has as undefined', () => {
  const change = { counter: 2, owner: undefined, leaving: 'w', switches: 0 };
  expect(changeOf(change)).toEqual({
    set: {
      leaseCounter: { N: '2' },
      checkpointOwner: { S: 'w' },
      ownerSwitchesSinceCheckpoint: { N: '0' },
    },
    remove: ['leaseOwner'],
  });
});
