import {
  attributesToHeaders,
  defaultSource,
  eventContentType,
  formatTime,
  isAttributeText,
  isJson,
  keyAttribute,
  malformedEvent,
  mediaType,
  parseTime,
  specVersion,
} from './cloud-event-attributes.ts';
import { bodyBytes, bodyText, isJustWritten } from './codec.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { headersFromJson, headersToJson, tracingNames, wireNames } from './header-packing.ts';
import { rawMembers } from './raw-json.ts';

const noAttributes: ReadonlyMap<string, string> = new Map();

/**
 * A message as one line of CloudEvents 1.0 JSON, for brokers without headers. The body comes back byte for byte: as
 * JSON or text where that is exact, else as base64. A message that is such an event already stays as it is.
 *
 * @throws `invalid-argument` for an id that CloudEvents cannot hold
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function encodeEnvelope(message: WireMessage): string {
  const text = eventTextOf(message);
  if (text !== undefined && message.headers.size === 0 && isSameEvent(text, message)) return text;
  return encodeEvent(
    message,
    defaultSource(message.channel),
    message.channel,
    noAttributes,
    message.headers,
  );
}

function eventTextOf({ body, contentType = '' }: WireMessage): string | undefined {
  const isEvent =
    contentType.length >= eventContentType.length && mediaType(contentType) === eventContentType;
  return isEvent && typeof body === 'string' ? body : undefined;
}

function isSameEvent(text: string, message: WireMessage): boolean {
  try {
    const event = decodeEvent(text);
    return event?.id === message.id && event.key === message.key;
  } catch {
    return false;
  }
}

/** `attributes` beside the ones of the message; whatever cannot be an attribute goes with the headers. */
export function encodeEvent(
  message: WireMessage,
  source: string,
  type: string,
  attributes: ReadonlyMap<string, string>,
  headers: ReadonlyMap<string, string>,
): string {
  if (message.id === '' || !isAttributeText(message.id)) {
    throw new IntermodalError(
      'invalid-argument',
      "a CloudEvent's id is not empty and has no control characters",
    );
  }
  const { id, key, publishedAt, contentType, body } = message;
  const event: Record<string, string | undefined> = {
    specversion: specVersion,
    id,
    source,
    type,
    time: publishedAt === undefined ? undefined : formatTime(publishedAt),
    datacontenttype: contentType,
  };
  for (const [name, value] of attributes) event[name] = value;
  const packed: (readonly [string, string])[] = [];
  if (key !== undefined) {
    if (key !== '' && isAttributeText(key)) event[keyAttribute] = key;
    else packed.push([wireNames.key, key]);
  }
  for (const [name, value] of headers) {
    if (tracingNames.has(name) && isAttributeText(value)) event[name] = value;
    else packed.push([name, value]);
  }
  if (packed.length > 0) event[wireNames.headers] = headersToJson(packed);
  if (typeof body === 'string' && isJson(contentType)) {
    if (contentType !== undefined && canEmbed(body))
      return `${JSON.stringify(event).slice(0, -1)},"data":${body}}`;
  } else if (typeof body === 'string') {
    event['data'] = body;
    return JSON.stringify(event);
  }
  event['data_base64'] = base64Of(body);
  return JSON.stringify(event);
}

function base64Of(body: string | Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bodyBytes(body);
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** JSON that comes out of the envelope as it went in, and leaves the envelope one line. */
function canEmbed(body: string): boolean {
  if (isJustWritten(body)) return true;
  if (/^[ \t]|[ \t]$|[\r\n]/.test(body)) return false;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

/**
 * What `encodeEnvelope` or another program wrote; undefined where the body is no CloudEvent of version 1.0, so that the
 * driver delivers it as it is. Attributes without a field in a message become headers: `subject` is `ce-subject`.
 *
 * @throws `invalid-message` for a CloudEvent that breaks the rules
 */
export function decodeEnvelope(
  body: string | Uint8Array,
  channel: string,
): WireMessage | undefined {
  const text = textOf(body);
  if (text === undefined || !text.includes('"specversion"')) return undefined;
  const event = decodeEvent(text);
  if (event === undefined) return undefined;
  return toMessage(event, channel);
}

function textOf(body: string | Uint8Array): string | undefined {
  try {
    return bodyText(body);
  } catch {
    return undefined;
  }
}

export interface DecodedEvent {
  readonly id: string;
  readonly key: string | undefined;
  readonly publishedAt: number | undefined;
  readonly contentType: string | undefined;
  /** `source`, `type` and everything without a field in a message. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | Uint8Array;
}

export function toMessage(event: DecodedEvent, channel: string): WireMessage {
  const headers = attributesToHeaders(event.attributes, channel);
  for (const [name, value] of event.headers) headers.set(name, value);
  const { id, key, publishedAt, contentType, body } = event;
  return { id, channel, key, publishedAt, headers, contentType, body };
}

/** Undefined where it is no JSON object with the version 1.0. @throws `invalid-message` */
export function decodeEvent(text: string): DecodedEvent | undefined {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const parsed = parseObject(json);
  if (parsed === undefined || parsed['specversion'] !== specVersion) return undefined;
  const raw = rawMembers(json);
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed)) {
    if (name === 'data' || name === 'data_base64') continue;
    const text = attributeText(value, raw.get(name) ?? '');
    if (text !== undefined) attributes.set(name, text);
  }
  for (const name of ['id', 'source', 'type']) {
    if (typeof parsed[name] !== 'string' || parsed[name] === '')
      throw malformedEvent(`it has no '${name}'`);
  }
  const take = (name: string): string | undefined => {
    const value = attributes.get(name);
    attributes.delete(name);
    return value;
  };
  take('specversion');
  const id = take('id') ?? '';
  const time = take('time');
  const declared = take('datacontenttype');
  const headers = new Map(headersFromJson(take(wireNames.headers) ?? '{}'));
  const key = headers.get(wireNames.key) ?? (take(keyAttribute) || undefined);
  headers.delete(wireNames.key);
  const { body, contentType } = dataOf(parsed, raw, declared);
  const publishedAt = time === undefined ? undefined : parseTime(time);
  return { id, key, publishedAt, contentType, attributes, headers, body };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw malformedEvent('it is not valid JSON');
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  return isObject ? (parsed as Readonly<Record<string, unknown>>) : undefined;
}

/** Null is unset. Only strings, booleans and integers are of the specification; others stay as they were written. */
function attributeText(value: unknown, raw: string): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? `${value}` : raw;
}

interface Data {
  readonly body: string | Uint8Array;
  readonly contentType: string | undefined;
}

function dataOf(
  event: Readonly<Record<string, unknown>>,
  raw: ReadonlyMap<string, string>,
  declared: string | undefined,
): Data {
  const encoded = event['data_base64'];
  const data = raw.get('data');
  if (encoded !== undefined && encoded !== null) {
    if (data !== undefined) throw malformedEvent("it has both 'data' and 'data_base64'");
    return { body: fromBase64(encoded), contentType: declared };
  }
  if (data === undefined) return { body: '', contentType: declared };
  if (isJson(declared)) return { body: data, contentType: declared ?? 'application/json' };
  if (typeof event['data'] !== 'string')
    throw malformedEvent("its 'data' is not text, although its type is not JSON");
  return { body: event['data'], contentType: declared };
}

function fromBase64(encoded: unknown): Uint8Array {
  if (
    typeof encoded !== 'string' ||
    encoded.length % 4 !== 0 ||
    !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)
  ) {
    throw malformedEvent("its 'data_base64' is not base64");
  }
  // A copy: Buffer hands out parts of a shared pool.
  return new Uint8Array(Buffer.from(encoded, 'base64'));
}
