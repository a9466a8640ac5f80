import { expect, test } from 'vitest';
import { encodeAggregate } from './kpl-format.ts';
import type { ReadForm } from './read-record.ts';
import type { ReadFrom } from './reads.ts';
import type { RecordSource } from './record-source.ts';
import { createShelf, type Shelf } from './shelf.ts';

const form: ReadForm = {
  channel: 'orders',
  group: 'billing',
  role: 'main',
  shardId: 's',
  range: { first: '0'.repeat(32), last: 'f'.repeat(32) },
  envelope: 'none',
};
const earliest: ReadFrom = { at: 'earliest' };

function plain(SequenceNumber: string): RecordSource {
  return { SequenceNumber, PartitionKey: 'k', Data: Buffer.from('x').toString('base64') };
}

function aggregate(SequenceNumber: string, count: number): RecordSource {
  const parts = Array.from({ length: count }, (_, n) => ({
    data: `${n}`,
    partitionKey: 'k',
    hashKey: undefined,
  }));
  return { SequenceNumber, PartitionKey: 'k', Data: encodeAggregate(parts) };
}

const positions = (shelf: Shelf, max = 100): readonly string[] =>
  shelf.take(max).map(({ position }) => position);

test('messages come in their order, however many are asked for', () => {
  const shelf = createShelf(form, earliest);
  shelf.put([plain('1'), aggregate('2', 3)]);
  expect(positions(shelf, 2)).toEqual(['s:1:0', 's:2:0']);
  shelf.put([plain('3')]);
  expect(positions(shelf, 2)).toEqual(['s:2:1', 's:2:2']);
  expect(shelf.size).toBe(1);
  expect(positions(shelf)).toEqual(['s:3:0']);
  expect(shelf.size).toBe(0);
  expect(positions(shelf)).toEqual([]);
});

test('of the checkpointed record what was done is left out, and the rest comes', () => {
  const shelf = createShelf(form, { at: 'record', sequence: '10', sub: 1 });
  shelf.put([plain('9'), aggregate('10', 4)]);
  shelf.put([plain('11'), plain('12')]);
  expect(positions(shelf)).toEqual(['s:10:2', 's:10:3', 's:11:0', 's:12:0']);
});

test('a record of which nothing was done comes as a whole', () => {
  const shelf = createShelf(form, { at: 'record', sequence: '10', sub: -1 });
  shelf.put([aggregate('10', 2)]);
  expect(positions(shelf)).toEqual(['s:10:0', 's:10:1']);
});

test('records that are for nobody here are passed over', () => {
  const first = { first: '0'.repeat(32), last: '0'.repeat(32) };
  const shelf = createShelf({ ...form, range: first }, earliest);
  shelf.put([aggregate('1', 2), plain('2')]);
  expect(positions(shelf, 1)).toEqual(['s:2:0']);
});
