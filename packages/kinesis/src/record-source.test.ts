import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { nativeOf, takeRecords } from './record-source.ts';

const headers = { 'content-type': 'application/x-amz-json-1.1' };
const text = (body: unknown): string => Buffer.from(body as Uint8Array).toString();

test('records are taken out of an answer, and the rest is left', async () => {
  const body = { NextShardIterator: 'i', Records: [{ Data: 'aGk=', SequenceNumber: '1' }] };
  const answer = {
    statusCode: 200,
    headers,
    body: Readable.from([Buffer.from(JSON.stringify(body))]),
  };
  expect(await takeRecords(answer)).toEqual(body.Records);
  expect(text(answer.body)).toBe('{"NextShardIterator":"i"}');
});

test.each([
  ['an error', 400, headers, '{"__type":"ExpiredIteratorException"}'],
  ['another protocol', 200, { 'content-type': 'application/cbor' }, '{"Records":[]}'],
  ['no JSON', 200, headers, '<html>'],
  ['no page', 200, headers, '{"Records":"many"}'],
])('%s is left to the SDK', async (_what, statusCode, types, content) => {
  const answer = { statusCode, headers: types, body: Readable.from([Buffer.from(content)]) };
  expect(await takeRecords(answer)).toBeUndefined();
  const left: unknown = answer.body;
  const bytes = left instanceof Readable ? Buffer.concat(await left.toArray()) : left;
  expect(text(bytes)).toBe(content);
});

test('a record has the SDK’s form', () => {
  const raw = {
    SequenceNumber: '1',
    ApproximateArrivalTimestamp: 1_700_000_000.123,
    Data: 'aGk=',
    PartitionKey: 'k',
    EncryptionType: 'KMS',
  } as const;
  const native = nativeOf(raw);
  expect(native.ApproximateArrivalTimestamp?.getTime()).toBe(1_700_000_000_123);
  expect(text(native.Data)).toBe('hi');
  expect(native).toMatchObject({ SequenceNumber: '1', PartitionKey: 'k', EncryptionType: 'KMS' });
  expect(nativeOf(native)).toBe(native);
});
