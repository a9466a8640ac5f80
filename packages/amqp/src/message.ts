import {
  IntermodalError,
  type PackedHeaders,
  packHeaders,
  type PackingRules,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import type { Options } from 'amqplib';
import { levelOf } from './delay-levels.ts';
import { isBrokersName } from './read-message.ts';

/** How messages of one sender are written. */
export interface WireForm {
  readonly maxMessageBytes: number;
  readonly maxPriority: number | undefined;
  /** For error messages. */
  readonly place: string;
}

export interface Written {
  readonly content: Buffer;
  readonly properties: Options.Publish;
  /** Of body, headers and the other properties. */
  readonly bytes: number;
  /** It waits in the queue of this level first. */
  readonly delayLevelMs: number | undefined;
}

/** Longest short string of the protocol: header names and most properties. */
const maxShortBytes = 255;
// amqplib encodes the header table into a buffer of this size.
const maxTableBytes = 65_536;
// Method, frames and the properties of fixed size.
const frameBytes = 64;
const maxTtlMs = 2 ** 32 - 1;

/** @throws `too-large`, `invalid-argument`, `invalid-message`, `unsupported` */
export function writeMessage(message: WireMessage, form: WireForm): Written {
  const content = contentOf(message.body);
  const headers = headersOf(message, form);
  const properties: Options.Publish = { persistent: true, mandatory: true, headers: headers.table };
  let bytes = content.length + headers.bytes + frameBytes;
  if (isShort(message.id)) {
    properties.messageId = message.id;
    bytes += Buffer.byteLength(message.id);
  }
  if (message.contentType !== undefined) {
    if (!isShort(message.contentType)) {
      throw refusal(
        'invalid-message',
        `its content type is longer than ${maxShortBytes} bytes`,
        form,
      );
    }
    properties.contentType = message.contentType;
    bytes += message.contentType.length;
  }
  if (message.publishedAt !== undefined)
    properties.timestamp = Math.floor(message.publishedAt / 1_000);
  if (message.priority !== undefined) properties.priority = priorityOf(message.priority, form);
  if (message.ttlMs !== undefined) properties.expiration = expirationOf(message, form);
  if (bytes > form.maxMessageBytes) {
    const text = `it has ${bytes} bytes with its headers, and maxMessageBytes is ${form.maxMessageBytes}: send less, or store the body elsewhere and send where it is`;
    throw refusal('too-large', text, form);
  }
  const { delayMs = 0 } = message;
  return { content, properties, bytes, delayLevelMs: delayMs > 0 ? levelOf(delayMs) : undefined };
}

function contentOf(body: string | Uint8Array): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function isShort(text: string): boolean {
  return text.length <= maxShortBytes && Buffer.byteLength(text) <= maxShortBytes;
}

const packing: PackingRules = {
  maxCount: Infinity,
  maxNameBytes: maxShortBytes,
  isNative: (name) => !isBrokersName(name) && name !== '__proto__',
};
const noHeaders: PackedHeaders = { native: new Map(), packed: undefined };

interface Table {
  readonly table: Record<string, string>;
  readonly bytes: number;
}

function headersOf(message: WireMessage, form: WireForm): Table {
  const { id, key, publishedAt } = message;
  const { native, packed } =
    message.headers.size === 0 ? noHeaders : packHeaders(message.headers, packing);
  const table: Record<string, string> = {};
  let bytes = 4;
  const add = (name: string, value: string): void => {
    table[name] = value;
    bytes += 6 + Buffer.byteLength(name) + Buffer.byteLength(value);
  };
  for (const [name, value] of native) add(name, value);
  if (packed !== undefined) add(wireNames.headers, packed);
  if (!isShort(id)) add(wireNames.id, id);
  if (key !== undefined) add(wireNames.key, key);
  if (publishedAt !== undefined) add(wireNames.time, String(publishedAt));
  if (bytes <= maxTableBytes) return { table, bytes };
  throw refusal(
    'too-large',
    `its headers have ${bytes} bytes, and ${maxTableBytes} are the most`,
    form,
  );
}

function priorityOf(priority: number, { maxPriority = 0 }: WireForm): number {
  return Math.min(priority, maxPriority);
}

/** A whole number as text: for anything else RabbitMQ closes the channel, with all that is under way on it. */
function expirationOf({ ttlMs = 0, delayMs = 0 }: WireMessage, form: WireForm): string {
  if (delayMs > 0) {
    const text = 'a delayed message loses its ttlMs on the way: give it one of the two';
    throw refusal('unsupported', text, form);
  }
  if (ttlMs > maxTtlMs)
    throw refusal('invalid-argument', `its ttlMs is ${ttlMs}: ${maxTtlMs} is the most`, form);
  return String(Math.ceil(ttlMs));
}

function refusal(
  code: 'too-large' | 'unsupported' | 'invalid-argument' | 'invalid-message',
  text: string,
  { place }: WireForm,
): IntermodalError {
  return new IntermodalError(code, `${place} cannot take the message: ${text}`, {
    transport: 'amqp',
    address: place,
  });
}
