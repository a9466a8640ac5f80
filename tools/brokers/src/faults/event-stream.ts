import { crc32 } from 'node:zlib';

/** Its names and values, all of them texts. */
export type EventHeaders = Readonly<Record<string, string>>;

const textType = 7;
const lengthsBytes = 8;
const checksumBytes = 4;

/**
 * One message of `application/vnd.amazon.eventstream`.
 *
 * @see https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
 */
export function encodeEvent(headers: EventHeaders, payload: string): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(encodeHeader));
  const body = Buffer.from(payload);
  const lengths = Buffer.alloc(lengthsBytes);
  const total = lengthsBytes + checksumBytes + head.length + body.length + checksumBytes;
  lengths.writeUInt32BE(total, 0);
  lengths.writeUInt32BE(head.length, 4);
  const before = Buffer.concat([lengths, checksumOf(lengths), head, body]);
  return Buffer.concat([before, checksumOf(before)]);
}

/** A member of the stream's union, as JSON. */
export function eventOf(type: string, value: object): Buffer {
  const headers = { ':message-type': 'event', ':event-type': type, ...json };
  return encodeEvent(headers, JSON.stringify(value));
}

/** An error that comes in the stream and ends it. */
export function exceptionOf(type: string): Buffer {
  const headers = { ':message-type': 'exception', ':exception-type': type, ...json };
  return encodeEvent(headers, JSON.stringify({ message: `${type}, injected` }));
}

const json = { ':content-type': 'application/x-amz-json-1.1' };

function encodeHeader([name, value]: readonly [string, string]): Buffer {
  const text = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  const start = Buffer.from([Buffer.byteLength(name), ...Buffer.from(name), textType]);
  return Buffer.concat([start, length, text]);
}

function checksumOf(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(checksumBytes);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum;
}
