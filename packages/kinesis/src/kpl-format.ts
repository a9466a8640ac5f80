import { hash } from 'node:crypto';

/** One message of an aggregated record. */
export interface UserRecord {
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** Decimal. */
  readonly hashKey: string | undefined;
}

const magic = Buffer.from('f3899ac2', 'hex');
const digestBytes = 16;
// A tag and a length.
const tableOverhead = 6;

// Field numbers with their wire types: all of them are length-delimited but the two indexes.
const keyTable = 0x0a;
const hashKeyTable = 0x12;
const record = 0x1a;
const keyIndex = 0x08;
const hashKeyIndex = 0x10;
const data = 0x1a;

/** One message on its way into an aggregated record. */
export interface Aggregatable extends Pick<UserRecord, 'partitionKey' | 'hashKey'> {
  /** Text is written as UTF-8. */
  readonly data: string | Uint8Array;
  /** Counted here where it is left out. */
  readonly dataBytes?: number;
}

/**
 * Messages as one record that the Kinesis Client Library and everything else takes apart again.
 *
 * @see https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 */
export function encodeAggregate(records: readonly Aggregatable[]): Uint8Array {
  const keys = new Map<string, number>();
  const hashKeys = new Map<string, number>();
  let most = aggregateOverhead;
  // Messages of a key mostly come one after the other.
  let keyBefore: string | undefined;
  for (const { data: body, dataBytes, partitionKey, hashKey } of records) {
    most += (dataBytes ?? Buffer.byteLength(body)) + recordOverhead;
    if (partitionKey !== keyBefore) most += indexed(keys, partitionKey);
    keyBefore = partitionKey;
    if (hashKey !== undefined) most += indexed(hashKeys, hashKey);
  }
  const all = Buffer.allocUnsafe(most);
  let at = magic.copy(all);
  for (const key of keys.keys()) at = writeBytes(all, at, keyTable, key);
  for (const key of hashKeys.keys()) at = writeBytes(all, at, hashKeyTable, key);
  let index = 0;
  keyBefore = undefined;
  for (const { data: body, dataBytes, partitionKey, hashKey } of records) {
    if (partitionKey !== keyBefore) index = keys.get(partitionKey) ?? 0;
    keyBefore = partitionKey;
    const hashIndex = hashKey === undefined ? undefined : (hashKeys.get(hashKey) ?? 0);
    const bytes = dataBytes ?? Buffer.byteLength(body);
    const hashBytes = hashIndex === undefined ? 0 : 1 + varintBytes(hashIndex);
    all[at] = record;
    at = writeVarint(all, at + 1, 2 + varintBytes(index) + hashBytes + varintBytes(bytes) + bytes);
    all[at] = keyIndex;
    at = writeVarint(all, at + 1, index);
    if (hashIndex !== undefined) {
      all[at] = hashKeyIndex;
      at = writeVarint(all, at + 1, hashIndex);
    }
    at = writeBytes(all, at, data, body, bytes);
  }
  at += hash('md5', all.subarray(magic.length, at), 'buffer').copy(all, at);
  return all.subarray(0, at);
}

/** At most this many bytes more for a message in an aggregate, its key not counted. */
export const recordOverhead = 24;
/** Of every aggregate. */
export const aggregateOverhead: number = magic.length + digestBytes;

/** The messages of an aggregated record; undefined for a record that is none, which is then a message itself. */
export function decodeAggregate(bytes: Uint8Array): readonly UserRecord[] | undefined {
  if (bytes[0] !== magic[0] || bytes.byteLength <= magic.length + digestBytes) return undefined;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!all.subarray(0, magic.length).equals(magic)) return undefined;
  const message = all.subarray(magic.length, all.length - digestBytes);
  const digest = hash('md5', message, 'buffer');
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

/** Gives each text one number; the bytes that it takes in its table, 0 where it is there already. */
function indexed(table: Map<string, number>, text: string): number {
  if (table.has(text)) return 0;
  table.set(text, table.size);
  return Buffer.byteLength(text) + tableOverhead;
}

function writeBytes(
  all: Buffer,
  from: number,
  tag: number,
  value: string | Uint8Array,
  bytes: number = Buffer.byteLength(value),
): number {
  all[from] = tag;
  const at = writeVarint(all, from + 1, bytes);
  if (typeof value === 'string') all.write(value, at, bytes);
  else all.set(value, at);
  return at + bytes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

function writeVarint(all: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) {
    all[at] = (rest % 128) + 128;
    at += 1;
  }
  all[at] = rest;
  return at + 1;
}
