import { isUtf8 } from 'node:buffer';
import { IntermodalError, packHeaders, type WireMessage, wireNames } from '@intermodal/core/driver';
import {
  isBrokersName,
  isWrittenByBroker,
  type Place,
  phraseOf,
  type StompBroker,
} from './engine.ts';
import { escapeHeader, type Frame, headerLines } from './frames.ts';

/** How messages to one place are written. */
export interface WireForm {
  readonly broker: StompBroker;
  readonly place: Place;
  /** ActiveMQ's WebSocket carries text alone. */
  readonly isTextOnly: boolean;
  readonly maxMessageBytes: number;
}

// ActiveMQ ends the connection beyond 10,240 bytes a line, or 1,000 lines; RabbitMQ has names as short strings.
const maxLineBytes = 10_000;
const maxHeaders = 900;
const maxShortBytes = 255;
/** Between the command and the rest of the frame, for what only the moment of sending knows. */
const reservedBytes = 64;
// \p{Cc}, colon and backslash: clients differ in which escapes they know in a name.
const plainName = /^[^\p{Cc}:\\]+$/u;
const withControl = /\p{Cc}/u;

/** A SEND frame from its destination on, as `sendFrame` completes it; a string where all of it is text. */
export interface EncodedMessage {
  readonly rest: string | Buffer;
  readonly bytes: number;
}

/** @throws `too-large`, `invalid-argument`, `invalid-message` */
export function writeMessage(message: WireMessage, form: WireForm, now: number): EncodedMessage {
  const { contentType, body } = message;
  if (contentType !== undefined && !/^[\x20-\x7e]{0,255}$/.test(contentType)) {
    const text = `its content type must be ASCII, of at most ${maxShortBytes} characters`;
    throw refusal('invalid-message', text, form);
  }
  if (message.id.includes('\0') || message.key?.includes('\0') === true)
    throw refusal('invalid-message', 'its id and key must not have NUL, which ends a frame', form);
  const { content, length, encoding } = bodyOf(body, form);
  const headers = new Map<string, string>([['destination', form.place.destination]]);
  headers.set('persistent', 'true');
  // Without a length it is a text message of JMS, and with one a bytes message.
  if (length !== undefined) headers.set('content-length', String(length));
  if (contentType !== undefined) headers.set('content-type', contentType);
  if (encoding !== undefined) headers.set(wireNames.encoding, encoding);
  for (const [name, value] of fieldsOf(message, form, now)) headers.set(name, value);
  const { native, packed } = packHeaders(message.headers, {
    maxCount: maxHeaders,
    maxNameBytes: maxShortBytes,
    isNative: (name, value) => isNative(name, value, form.broker),
  });
  for (const [name, value] of native) headers.set(name, value);
  if (packed !== undefined) headers.set(wireNames.headers, packed);
  return frameOf(headers, content, form);
}

function frameOf(
  headers: ReadonlyMap<string, string>,
  body: string | Uint8Array,
  form: WireForm,
): EncodedMessage {
  for (const [name, value] of headers) {
    if (value.length * 6 < maxLineBytes || byteLength(name, value) <= maxLineBytes) continue;
    const what = name === wireNames.headers ? 'its packed headers have' : `its '${name}' has`;
    const text = `${what} more than ${maxLineBytes} bytes: send less`;
    throw refusal('invalid-message', text, form);
  }
  const head = `${headerLines(headers)}\n`;
  const rest =
    typeof body === 'string'
      ? `${head}${body}\0`
      : Buffer.concat([Buffer.from(head), body, terminator]);
  const bytes = Buffer.byteLength(rest) + reservedBytes;
  if (bytes <= form.maxMessageBytes) return { rest, bytes };
  const text = `it has ${bytes} bytes with its headers, and ${form.maxMessageBytes} are the most: send less, or store the body elsewhere and send where it is`;
  throw refusal('too-large', text, form);
}

const terminator = Buffer.of(0);

function byteLength(name: string, value: string): number {
  return Buffer.byteLength(escapeHeader(name)) + Buffer.byteLength(escapeHeader(value)) + 1;
}

interface WrittenBody {
  readonly content: string | Uint8Array;
  /** Of a message of bytes. */
  readonly length: number | undefined;
  readonly encoding?: string;
}

/** RabbitMQ tells no text from bytes; a text message cannot have the character that ends it. */
function bodyOf(body: string | Uint8Array, { broker, isTextOnly }: WireForm): WrittenBody {
  if (typeof body === 'string') {
    const isText = broker === 'activemq' && !body.includes('\0');
    return { content: body, length: isText ? undefined : Buffer.byteLength(body) };
  }
  if (!isTextOnly || (isUtf8(body) && !body.includes(0)))
    return { content: body, length: body.byteLength };
  const { buffer, byteOffset, byteLength: length } = body;
  const content = Buffer.from(buffer, byteOffset, length).toString('base64');
  return { content, length: content.length, encoding: 'base64' };
}

/** What has a field of its own in a message. */
function* fieldsOf(
  { id, key, publishedAt, ttlMs, delayMs = 0, priority }: WireMessage,
  form: WireForm,
  now: number,
): Iterable<readonly [string, string]> {
  const isActivemq = form.broker === 'activemq';
  const isShort = !isActivemq && Buffer.byteLength(id) <= maxShortBytes;
  yield isShort ? ['amqp-message-id', id] : [wireNames.id, id];
  if (key !== undefined) {
    // ActiveMQ groups by the first and does not show it to consumers.
    if (isActivemq) yield ['JMSXGroupID', key];
    yield [wireNames.key, key];
  }
  if (publishedAt !== undefined) {
    yield [wireNames.time, String(publishedAt)];
    // JMS has milliseconds, AMQP 0-9-1 seconds.
    yield ['timestamp', String(isActivemq ? publishedAt : Math.floor(publishedAt / 1_000))];
  }
  if (priority !== undefined) yield ['priority', String(priority)];
  if (ttlMs !== undefined)
    yield isActivemq
      ? ['expires', String(Math.ceil(now + delayMs + ttlMs))]
      : ['expiration', String(Math.ceil(ttlMs))];
  if (delayMs > 0) yield ['AMQ_SCHEDULED_DELAY', String(Math.ceil(delayMs))];
}

function isNative(name: string, value: string, broker: StompBroker): boolean {
  if (!plainName.test(name) && !(broker === 'rabbitmq' && name.startsWith('cloudEvents:')))
    return false;
  if (name === '__proto__' || name !== name.trim() || isBrokersName(broker, name)) return false;
  // Some clients trim values; no escape is known everywhere but those of the protocol.
  if (value === '' || value !== value.trim() || withControl.test(value)) return false;
  return value.length * 3 < maxLineBytes || byteLength(name, value) <= maxLineBytes;
}

function refusal(
  code: 'too-large' | 'invalid-argument' | 'invalid-message',
  text: string,
  { place }: WireForm,
): IntermodalError {
  return new IntermodalError(code, `${phraseOf(place)} cannot take the message: ${text}`, {
    transport: 'stomp',
    address: place.name,
  });
}

/** What `writeMessage` made, as a whole frame, in a transaction where one is named. */
export function sendFrame(
  { rest }: EncodedMessage,
  receipt: string,
  transaction?: string,
): readonly (string | Buffer)[] {
  const inside = transaction === undefined ? '' : `transaction:${transaction}\n`;
  const first = `SEND\nreceipt:${receipt}\n${inside}`;
  return typeof rest === 'string' ? [first + rest] : [first, rest];
}

// Of the protocol's own headers those that go along; the rest tells of the delivery.
const kept: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'correlation-id',
  'reply-to',
  'type',
  'priority',
  'expires',
]);

/**
 * A message of ActiveMQ once more, as it came: for a retry, with the attempts that have failed. What JMS has as numbers has
 * become text, as it does for whoever reads it by STOMP.
 */
export function sendAgain(
  { headers, body }: Frame,
  destination: string,
  failures: number,
  delayMs: number,
): EncodedMessage {
  const again = new Map<string, string>([
    ['destination', destination],
    ['persistent', 'true'],
    [wireNames.attempt, String(failures)],
  ]);
  for (const [name, value] of headers) {
    if (again.has(name) || (isWrittenByBroker('activemq', name) && !kept.has(name))) continue;
    if (name !== 'expires' || value !== '0') again.set(name, value);
  }
  if (delayMs > 0) again.set('AMQ_SCHEDULED_DELAY', String(Math.ceil(delayMs)));
  const rest = Buffer.concat([Buffer.from(`${headerLines(again)}\n`), body, terminator]);
  return { rest, bytes: rest.length };
}
