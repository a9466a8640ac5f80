import { randomUUID } from 'node:crypto';
import {
  IntermodalError,
  unpackHeaders,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import type { Message } from 'amqplib';

export interface ReadMessage {
  readonly message: WireMessage;
  /** What the message is alone with its fault: the others go on. */
  readonly undecodable: IntermodalError | undefined;
  /** Deliveries that failed before this one; undefined where the queue does not count. */
  readonly failures: number | undefined;
}

// CC and BCC send copies, and as anything but a list they close the channel; the others RabbitMQ writes itself.
const brokersName =
  /^(?:B?CC|x-death|x-(?:first|last)-death-.*|x-delivery-count|x-acquired-count|x-delay|x-received-from|x-opt-.*|x-stream-.*)$/;

/** Names that mean something to RabbitMQ: nothing of the user may have them on the wire, nothing of RabbitMQ is a header. */
export function isBrokersName(name: string): boolean {
  // Most names are told by their first letter.
  const first = name.charCodeAt(0);
  return (first === 0x78 || first === 0x42 || first === 0x43) && brokersName.test(name);
}

/** Never throws: what cannot be understood is handed on as it is, with the reason. */
export function readMessage(native: Message, channel: string): ReadMessage {
  const headers = textHeaders(native.properties.headers);
  const failures = numberOf(native.properties.headers?.['x-delivery-count']);
  try {
    const message = decode(native, channel, headers);
    return { message, undecodable: undefined, failures };
  } catch (cause) {
    const undecodable = IntermodalError.from(cause, { code: 'invalid-message', transport: 'amqp' });
    const id = textOf(native.properties.messageId) ?? randomUUID();
    return { message: { id, channel, headers, body: native.content }, undecodable, failures };
  }
}

function decode(native: Message, channel: string, all: Map<string, string>): WireMessage {
  const { properties, content } = native;
  const packed = take(all, wireNames.headers);
  const longId = take(all, wireNames.id);
  const key = take(all, wireNames.key);
  const time = numberOf(take(all, wireNames.time));
  const seconds = numberOf(properties.timestamp);
  return {
    // There is no other id: the broker gives none, and equal messages must not get the same.
    id: longId ?? textOf(properties.messageId) ?? randomUUID(),
    channel,
    key,
    publishedAt: time ?? (seconds === undefined ? undefined : seconds * 1_000),
    headers: unpackHeaders(all, packed),
    contentType: textOf(properties.contentType),
    body: content,
    priority: numberOf(properties.priority),
  };
}

function take(headers: Map<string, string>, name: string): string | undefined {
  const value = headers.get(name);
  if (value !== undefined) headers.delete(name);
  return value;
}

/** Numbers, lists and the like are only in the native message. */
function textHeaders(table: Readonly<Record<string, unknown>> | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const name in table) {
    const value = table[name];
    if (typeof value === 'string' && !isBrokersName(name)) found.set(name, value);
  }
  return found;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
