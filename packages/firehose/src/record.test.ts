import type { WireMessage } from '@intermodal/core/driver';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecord } from './read-record.ts';
import { maxRecordBytes, type RecordForm, writeRecord } from './record.ts';

const enveloped: RecordForm = { envelope: 'cloudevents', delimiter: '\n', place: 'here' };
const bare: RecordForm = { ...enveloped, envelope: 'none' };
const nothing = { id: 'r:0', key: undefined, arrivedAt: 1, attributes: {} };

function message(changes: Partial<WireMessage> = {}): WireMessage {
  return { id: 'o-1', channel: 'orders', headers: new Map(), body: '{"n":1}', ...changes };
}

function textOf(data: Uint8Array): string {
  return Buffer.from(data).toString();
}

describe('with an envelope', () => {
  test('a record is one line', () => {
    const headers = new Map([['tenant', 'acme']]);
    const data = writeRecord(
      message({ key: 'k', contentType: 'application/json', headers }),
      enveloped,
    );
    const text = textOf(data);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toMatchObject({ id: 'o-1', partitionkey: 'k', data: { n: 1 } });
  });

  test('what is written is read again, byte for byte', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array()),
        fc.constantFrom('\n', '', '\r\n', '|'),
        (body, delimiter) => {
          const form = { ...enveloped, delimiter };
          const contentType = typeof body === 'string' ? 'text/plain' : 'application/octet-stream';
          const data = writeRecord(message({ body, contentType }), form);
          const read = readRecord(Buffer.from(data).toString('base64'), nothing, {
            ...form,
            channel: 'orders',
          });
          expect(read.undecodable).toBeUndefined();
          expect(Buffer.from(read.message.body)).toEqual(Buffer.from(body));
          expect(read.message.id).toBe('o-1');
        },
      ),
    );
  });
});

describe('without an envelope', () => {
  test('a record is the body and the delimiter', () => {
    expect(textOf(writeRecord(message(), bare))).toBe('{"n":1}\n');
    const bytes = Uint8Array.of(0, 255);
    expect([...writeRecord(message({ body: bytes }), bare)]).toEqual([0, 255, 10]);
    expect(writeRecord(message({ body: bytes }), { ...bare, delimiter: '' })).toBe(bytes);
  });

  test('headers are refused', () => {
    const headers = new Map([['tenant', 'acme']]);
    expect(() => writeRecord(message({ headers }), bare)).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    );
  });
});

test('a record may have 1,000 KiB with its delimiter, and not one byte more', () => {
  const body = 'x'.repeat(maxRecordBytes - 1);
  expect(writeRecord(message({ body }), bare)).toHaveLength(1_024_000);
  expect(() => writeRecord(message({ body: `${body}x` }), bare)).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  );
});

test.each(['a', 'ab=c', 'YWJj\n', 'YWJj YWJj', '====', 7, undefined, null])(
  'data that is no base64 is bad alone: %o',
  (data) => {
    const { undecodable, message: read } = readRecord(data, nothing, {
      ...enveloped,
      channel: 'orders',
    });
    expect(undecodable).toMatchObject({ code: 'invalid-message' });
    expect(textOf(read.body as Uint8Array)).toBe(typeof data === 'string' ? data.trimEnd() : '');
  },
);
