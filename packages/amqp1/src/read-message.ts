import { randomUUID } from 'node:crypto';
import {
  IntermodalError,
  unpackHeaders,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import rhea from 'rhea';
import { type Amqp1Broker, isWrittenByBroker } from './engine.ts';

export interface ReadMessage {
  readonly message: WireMessage;
  /** What the message is alone with its fault: the others go on. */
  readonly undecodable: IntermodalError | undefined;
  /** Deliveries that failed before this one. */
  readonly failures: number;
  /** Whether the broker says that it was delivered before; undefined where it does not say. */
  readonly redelivered: boolean | undefined;
  /** All sections, as rhea has them; the bytes where it cannot decode them. */
  readonly native: unknown;
}

type Values = Readonly<Record<string, unknown>>;

/** Never throws: what cannot be understood is handed on as it is, with the reason. */
export function readMessage(encoded: Buffer, broker: Amqp1Broker, channel: string): ReadMessage {
  let native: unknown = encoded;
  let headers = new Map<string, string>();
  try {
    const values: Values = rhea.message.decode(encoded);
    native = values;
    headers = textHeaders(values['application_properties'] as Values | undefined, broker);
    const failures = numberOf(values['delivery_count']) ?? 0;
    return {
      message: decode(values, channel, headers),
      undecodable: undefined,
      failures,
      redelivered: failures > 0 ? true : wasAcquired(values['first_acquirer'], broker),
      native,
    };
  } catch (cause) {
    const undecodable = IntermodalError.from(cause, {
      code: 'invalid-message',
      transport: 'amqp1',
    });
    const message = { id: randomUUID(), channel, headers, body: encoded };
    return { message, undecodable, failures: 0, redelivered: undefined, native };
  }
}

/** ActiveMQ passes on what the sender wrote there. */
function wasAcquired(firstAcquirer: unknown, broker: Amqp1Broker): boolean | undefined {
  return typeof firstAcquirer === 'boolean' && broker !== 'activemq' ? !firstAcquirer : undefined;
}

function decode(values: Values, channel: string, all: Map<string, string>): WireMessage {
  const packed = take(all, wireNames.headers);
  const longId = take(all, wireNames.id);
  const key = take(all, wireNames.key);
  const time = numberOf(take(all, wireNames.time));
  const created = values['creation_time'];
  return {
    // There is no other id: a broker gives none, and equal messages must not get the same.
    id: longId ?? idOf(values['message_id']) ?? randomUUID(),
    channel,
    key: key ?? textOf(values['group_id']),
    publishedAt: time ?? (created instanceof Date ? created.getTime() : numberOf(created)),
    headers: unpackHeaders(all, packed),
    contentType: textOf(values['content_type']),
    body: bodyOf(values['body']),
    priority: numberOf(values['priority']),
  };
}

function take(headers: Map<string, string>, name: string): string | undefined {
  const value = headers.get(name);
  if (value !== undefined) headers.delete(name);
  return value;
}

/** Numbers, binaries and the like are only in the native message. */
function textHeaders(properties: Values | undefined, broker: Amqp1Broker): Map<string, string> {
  const found = new Map<string, string>();
  for (const name in properties) {
    const value = properties[name];
    if (typeof value === 'string' && !isWrittenByBroker(broker, name)) found.set(name, value);
  }
  return found;
}

/** A string, a number, a UUID or a binary. */
function idOf(value: unknown): string | undefined {
  if (Buffer.isBuffer(value))
    return value.length === 16 ? rhea.uuid_to_string(value) : value.toString('hex');
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : textOf(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

interface Section {
  readonly typecode: number;
  readonly content: unknown;
  /** Whether `content` lists several sections of the type. */
  readonly multiple?: boolean;
}

const dataSection = 0x75;

/** Data are bytes, text is text; other values and sequences are JSON, and as they came in the native message. */
function bodyOf(body: unknown): string | Uint8Array {
  if (body === undefined) return '';
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body;
  if (!isSection(body)) return jsonOf(body);
  const { typecode, content, multiple } = body;
  const parts = multiple === true ? (content as readonly unknown[]) : [content];
  if (typecode !== dataSection) return jsonOf(parts.flat(1));
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts as readonly Buffer[]);
}

function isSection(body: unknown): body is Section {
  return typeof body === 'object' && body !== null && 'typecode' in body && 'content' in body;
}

/** Bytes within it as base64, 64-bit numbers beyond what JSON has as text. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part);
    const bytes = part as { readonly type?: unknown; readonly data?: unknown } | null;
    if (typeof part === 'object' && bytes?.type === 'Buffer' && Array.isArray(bytes.data))
      return Buffer.from(bytes.data as number[]).toString('base64');
    return part;
  });
}
