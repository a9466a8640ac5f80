import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeAggregate, encodeAggregate, type UserRecord } from './kpl-format.ts';

/** AWS's own library; it has no types. */
interface Peer {
  deaggregateSync(
    record: {
      readonly data: string;
      readonly sequenceNumber: string;
      readonly partitionKey: string;
    },
    computeChecksums: boolean,
    done: (error: Error | null | undefined, records: readonly PeerRecord[]) => void,
  ): void;
  aggregate(
    records: readonly PeerRecord[],
    encoded: (record: { readonly data: Buffer }, again: () => void) => void,
    done: () => void,
    failed: (error: Error) => void,
  ): void;
}

interface PeerRecord {
  readonly partitionKey: string;
  readonly explicitHashKey?: string | undefined;
  readonly data: string;
}

const peer = createRequire(import.meta.url)('aws-kinesis-agg') as Peer;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const vector =
  'f3899ac20a01611a0908001a0568656c6c6f1a0908001a05776f726c6495dc6567da1ab6d7868d9fce34d10c22';
const vectorRecords: readonly UserRecord[] = [
  { data: bytes('hello'), partitionKey: 'a', hashKey: undefined },
  { data: bytes('world'), partitionKey: 'a', hashKey: undefined },
];

const userRecords = fc.array(
  fc.record({
    data: fc.uint8Array({ maxLength: 300 }),
    partitionKey: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
    hashKey: fc.option(fc.bigInt(0n, (1n << 128n) - 1n).map(String), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 200 },
);

const hex = (body: Uint8Array): string => Buffer.from(body).toString('hex');

function plain(records: readonly UserRecord[] | undefined): unknown {
  return records?.map(({ data, partitionKey, hashKey }) => ({
    data: hex(data),
    partitionKey,
    hashKey,
  }));
}

test('the known record is written and read', () => {
  expect(Buffer.from(encodeAggregate(vectorRecords)).toString('hex')).toBe(vector);
  expect(plain(decodeAggregate(Buffer.from(vector, 'hex')))).toEqual(plain(vectorRecords));
});

test('what was written is read', () => {
  fc.assert(
    fc.property(userRecords, (records) => {
      expect(plain(decodeAggregate(encodeAggregate(records)))).toEqual(plain(records));
    }),
  );
});

test('aws-kinesis-agg reads what was written', () => {
  fc.assert(
    fc.property(userRecords, (records) => {
      const data = Buffer.from(encodeAggregate(records)).toString('base64');
      let read: readonly PeerRecord[] = [];
      peer.deaggregateSync(
        { data, sequenceNumber: '1', partitionKey: 'a' },
        true,
        (error, found) => {
          if (error) throw error;
          read = found;
        },
      );
      // It takes a missing hash key for the first of the table.
      const wanted = records.map(({ data: body, partitionKey }) => [partitionKey, hex(body)]);
      expect(
        read.map((record) => [record.partitionKey, hex(Buffer.from(record.data, 'base64'))]),
      ).toEqual(wanted);
    }),
    { numRuns: 30 },
  );
});

test('what aws-kinesis-agg wrote is read', async () => {
  // It changes what it is given.
  const records = (): PeerRecord[] =>
    Array.from({ length: 100 }, (_, n) => ({ partitionKey: `key-${n % 7}`, data: `body ${n}` }));
  const encoded = await new Promise<Uint8Array>((resolve, reject) => {
    peer.aggregate(
      records(),
      ({ data }) => {
        resolve(data);
      },
      () => undefined,
      reject,
    );
  });
  const read = decodeAggregate(encoded)?.map(({ partitionKey, data }) => ({
    partitionKey,
    data: new TextDecoder().decode(data),
  }));
  expect(read).toEqual(records());
});

test.each([
  ['an empty record', ''],
  ['magic alone', vector.slice(0, 8)],
  ['magic and a digest', vector.slice(0, 8 + 32)],
  ['another magic', `f3899ac3${vector.slice(8)}`],
  ['another digest', `${vector.slice(0, -2)}23`],
])('%s is a plain record', (_, hex) => {
  expect(decodeAggregate(Buffer.from(hex, 'hex'))).toBeUndefined();
});

test('bytes of any kind are read as a plain record, or not at all', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      expect(
        decodeAggregate(Buffer.concat([Buffer.from('f3899ac2', 'hex'), tail])),
      ).toBeUndefined();
    }),
  );
});
