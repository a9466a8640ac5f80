import { createHash } from 'node:crypto';

/** One message of an aggregated record. */
export interface UserRecord {
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** Decimal. */
  readonly hashKey: string | undefined;
}

const magic = Buffer.from('f3899ac2', 'hex');
const digestBytes = 16;

// Field numbers with their wire types: all of them are length-delimited but the two indexes.
const keyTable = 0x0a;
const hashKeyTable = 0x12;
const record = 0x1a;
const keyIndex = 0x08;
const hashKeyIndex = 0x10;
const data = 0x1a;

/**
 * Messages as one record that the Kinesis Client Library and everything else takes apart again.
 *
 * @see https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 */
export function encodeAggregate(records: readonly UserRecord[]): Uint8Array {
  const keys = new Map<string, number>();
  const hashKeys = new Map<string, number>();
  const parts: Uint8Array[] = [];
  for (const { data: body, partitionKey, hashKey } of records) {
    const fields = [keyIndex, ...varint(indexIn(keys, partitionKey))];
    if (hashKey !== undefined) fields.push(hashKeyIndex, ...varint(indexIn(hashKeys, hashKey)));
    fields.push(data, ...varint(body.byteLength));
    parts.push(
      Uint8Array.from([record, ...varint(fields.length + body.byteLength), ...fields]),
      body,
    );
  }
  const tables = [...texts(keyTable, keys.keys()), ...texts(hashKeyTable, hashKeys.keys())];
  const all = Buffer.concat([magic, ...tables, ...parts, Buffer.alloc(digestBytes)]);
  const message = all.subarray(magic.length, all.length - digestBytes);
  createHash('md5')
    .update(message)
    .digest()
    .copy(all, all.length - digestBytes);
  return all;
}

/** At most this many bytes more for a message in an aggregate, its key not counted. */
export const recordOverhead = 24;
/** Of every aggregate. */
export const aggregateOverhead: number = magic.length + digestBytes;

/** The messages of an aggregated record; undefined for a record that is none, which is then a message itself. */
export function decodeAggregate(bytes: Uint8Array): readonly UserRecord[] | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (all.length <= magic.length + digestBytes) return undefined;
  if (!all.subarray(0, magic.length).equals(magic)) return undefined;
  const message = all.subarray(magic.length, all.length - digestBytes);
  const digest = createHash('md5').update(message).digest();
  if (!digest.equals(all.subarray(all.length - digestBytes))) return undefined;
  try {
    return userRecords(message);
  } catch {
    return undefined;
  }
}

function userRecords(message: Buffer): readonly UserRecord[] {
  const keys: string[] = [];
  const hashKeys: string[] = [];
  const bodies: Buffer[] = [];
  for (const [tag, value] of fieldsOf(message)) {
    if (tag === keyTable) keys.push(bytesOf(value).toString());
    else if (tag === hashKeyTable) hashKeys.push(bytesOf(value).toString());
    else if (tag === record) bodies.push(bytesOf(value));
  }
  return bodies.map((body) => userRecord(body, keys, hashKeys));
}

function userRecord(
  body: Buffer,
  keys: readonly string[],
  hashKeys: readonly string[],
): UserRecord {
  let partitionKey: string | undefined;
  let hashKey: string | undefined;
  let found: Buffer | undefined;
  for (const [tag, value] of fieldsOf(body)) {
    if (tag === keyIndex) partitionKey = entryOf(keys, value);
    else if (tag === hashKeyIndex) hashKey = entryOf(hashKeys, value);
    else if (tag === data) found = bytesOf(value);
  }
  if (partitionKey === undefined || found === undefined) throw malformed();
  return { data: found, partitionKey, hashKey };
}

/** Fields of a message of Protocol Buffers, unknown ones too: a number, or bytes where it is length-delimited. */
function* fieldsOf(message: Buffer): Generator<readonly [number, number | Buffer]> {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at];
      if (byte === undefined || factor > 2 ** 49) throw malformed();
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = next();
    switch (tag % 8) {
      case 0:
        yield [tag, next()];
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = next();
        if (at + length > message.length) throw malformed();
        yield [tag, message.subarray(at, at + length)];
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw malformed();
    }
  }
}

function bytesOf(value: number | Buffer): Buffer {
  if (typeof value === 'number') throw malformed();
  return value;
}

function entryOf(table: readonly string[], index: number | Buffer): string {
  const entry = typeof index === 'number' ? table[index] : undefined;
  if (entry === undefined) throw malformed();
  return entry;
}

/** Never leaves this file: such a record is a plain one. */
function malformed(): Error {
  return new Error('no aggregated record');
}

function indexIn(table: Map<string, number>, text: string): number {
  const known = table.get(text);
  if (known !== undefined) return known;
  table.set(text, table.size);
  return table.size - 1;
}

function texts(tag: number, table: Iterable<string>): Uint8Array[] {
  return Array.from(table, (text) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Uint8Array.from([tag, ...varint(bytes.length)]), bytes]);
  });
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
