import { bodyBytes, IntermodalError, type WireMessage } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { encodeAggregate } from './kpl-format.ts';
import { hashKeyOf } from './hash-key.ts';
import { readRecord, type ReadForm } from './read-record.ts';
import { type RecordForm, writeRecord } from './record.ts';

const form: RecordForm = {
  envelope: 'cloudevents',
  keys: 'partition',
  maxRecordBytes: 10_000,
  hashKey: undefined,
  onlyGroup: undefined,
  place: "kinesis stream 'orders'",
};
const readForm: ReadForm = {
  channel: 'orders',
  group: 'billing',
  role: 'main',
  shardId: 'shardId-000000000000',
  range: { first: '0'.repeat(32), last: 'f'.repeat(32) },
  envelope: 'cloudevents',
};

const contentType = 'application/json';

function message(changes: Partial<WireMessage> = {}): WireMessage {
  return {
    id: 'm-1',
    channel: 'orders',
    headers: new Map(),
    body: '{"n":1}',
    contentType,
    ...changes,
  };
}

function code(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return IntermodalError.is(error) ? error.code : 'another';
  }
}

function read(data: Uint8Array, changes: Partial<ReadForm> = {}): ReturnType<typeof readRecord> {
  const native = { Data: data, PartitionKey: 'k', SequenceNumber: '5' };
  return readRecord(native, { ...readForm, ...changes });
}

test('a message comes out of its record as it went in', () => {
  const sent = message({ key: 'c-7', headers: new Map([['tenant', 'acme']]) });
  const [found] = read(bodyBytes(writeRecord(sent, form).data));
  expect(found?.message).toMatchObject({ id: 'm-1', key: 'c-7', body: '{"n":1}' });
  expect([...(found?.message.headers ?? [])]).toEqual([['tenant', 'acme']]);
});

test.each([
  ['c-7', 'c-7'],
  ['😀'.repeat(256), '😀'.repeat(256)],
  ['x'.repeat(257), expect.stringMatching(/^[0-9a-f]{64}$/)],
  ['', expect.stringMatching(/^[0-9a-f]{64}$/)],
])('the partition key of %j', (key, partitionKey) => {
  expect(writeRecord(message({ key }), form).partitionKey).toEqual(partitionKey);
});

test('what cannot be a record is refused', () => {
  const raw = { ...form, envelope: 'none' } as const;
  expect(code(() => writeRecord(message({ body: 'x'.repeat(10_000) }), form))).toBe('too-large');
  expect(code(() => writeRecord(message({ key: 'a' }), { ...form, keys: 'none' }))).toBe(
    'unsupported',
  );
  expect(code(() => writeRecord(message({ headers: new Map([['a', 'b']]) }), raw))).toBe(
    'invalid-message',
  );
  expect(code(() => writeRecord(message({ key: '' }), raw))).toBe('invalid-message');
  expect(code(() => writeRecord(message(), { ...form, hashKey: () => '-1' }))).toBe(
    'invalid-argument',
  );
});

test('what is moved back to one group is no other’s', () => {
  const { data } = writeRecord(message(), { ...form, onlyGroup: 'billing' });
  expect(read(bodyBytes(data)).map(({ message: { id, headers } }) => [id, headers.size])).toEqual([
    ['m-1', 0],
  ]);
  expect(read(bodyBytes(data), { group: 'audit' })).toEqual([]);
});

test('dead letters are their group’s', () => {
  const headers = new Map([['imorigin', 'kinesis:orders/billing']]);
  const { data } = writeRecord(message({ headers }), form);
  expect(read(bodyBytes(data), { role: 'dead-letter' })).toHaveLength(1);
  expect(read(bodyBytes(data), { role: 'dead-letter', group: 'audit' })).toEqual([]);
});

test('a record of another program is its body, with the position as id', () => {
  const [found] = read(new TextEncoder().encode('hello'));
  expect(found?.message).toMatchObject({ id: 'shardId-000000000000:5:0', key: 'k' });
});

test('a broken event is handed on with its fault', () => {
  const [found] = read(new TextEncoder().encode('{"specversion":"1.0","id":1}'));
  expect(found?.undecodable?.code).toBe('invalid-message');
});

test('an aggregate with a message of another shard is skipped whole', () => {
  const records = ['a', 'b'].map((partitionKey) => ({
    data: new TextEncoder().encode(partitionKey),
    partitionKey,
    hashKey: undefined,
  }));
  const data = encodeAggregate(records);
  expect(read(data).map(({ sub }) => sub)).toEqual([0, 1]);
  const a = hashKeyOf('a');
  expect(read(bodyBytes(data), { range: { first: a, last: a } })).toEqual([]);
});

test('a record without a partition key, as of a stream with automatic distribution, is read', () => {
  const native = { Data: new TextEncoder().encode('hello'), SequenceNumber: '5' };
  const [found] = readRecord(native, readForm);
  expect(found?.message.key).toBeUndefined();
  expect(found?.position).toBe('shardId-000000000000:5:0');
});
