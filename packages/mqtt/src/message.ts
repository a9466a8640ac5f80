import {
  encodeEnvelope,
  IntermodalError,
  packHeaders,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import { isFilter, type MqttProtocol } from './engine.ts';
import { encodePublish, propertyWriter, type PublishPacket } from './packet.ts';

/** How messages of one sender are written. */
export interface WireForm {
  readonly protocol: MqttProtocol;
  readonly envelope: 'cloudevents' | 'none';
  readonly topic: string;
  readonly retain: boolean;
  /** Of the whole packet. */
  readonly maxBytes: number;
  /** For error messages. */
  readonly phrase: string;
}

/** Of MQTT 5, as far as they are used. */
interface Properties {
  readonly isText: boolean;
  readonly expirySeconds: number | undefined;
  readonly contentType: string | undefined;
  readonly responseTopic: string | undefined;
  readonly correlationData: string | undefined;
  readonly user: readonly (readonly [string, string])[];
}

/** Headers that are properties of MQTT 5 themselves. */
export const responseTopic = 'mqtt-response-topic';
export const correlationData = 'mqtt-correlation-data';

const maxTextBytes = 65_535;
const maxExpirySeconds = 2 ** 32 - 1;
// Some brokers end a connection that sends them.
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * The whole packet but for its id, which is known when it is written.
 *
 * @throws `too-large`, `invalid-argument`, `invalid-message`
 */
export function writeMessage(message: WireMessage, form: WireForm): PublishPacket {
  checkTopic(form);
  const is5 = form.protocol === '5';
  const packet = encodePublish({
    topic: form.topic,
    retain: form.retain,
    properties: is5 ? encodeProperties(propertiesOf(message, form)) : undefined,
    payload: is5 ? bytesOf(message.body) : envelopeOf(message, form),
  });
  const { length } = packet.bytes;
  if (length <= form.maxBytes) return packet;
  const text = `it has ${length} bytes with its topic and headers, and ${form.maxBytes} are the most: send less, or store the body elsewhere and send where it is`;
  throw refusal('too-large', text, form);
}

function checkTopic(form: WireForm): void {
  const { topic } = form;
  if (topic === '' || isFilter(topic) || !isText(topic))
    throw refusal('invalid-argument', 'one topic is needed, and no filter with + or #', form);
}

function isText(text: string): boolean {
  if (text.length * 3 > maxTextBytes && Buffer.byteLength(text) > maxTextBytes) return false;
  return !forbidden.test(text);
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

function envelopeOf(message: WireMessage, form: WireForm): Uint8Array {
  if (form.envelope === 'cloudevents') return Buffer.from(encodeEnvelope(message));
  if (message.headers.size > 0 || message.key !== undefined) {
    const text = 'without an envelope MQTT 3.1.1 carries no headers and no key: leave them out';
    throw refusal('invalid-message', text, form);
  }
  return bytesOf(message.body);
}

function propertiesOf(message: WireMessage, form: WireForm): Properties {
  const { body, contentType, ttlMs } = message;
  if (contentType !== undefined && !isText(contentType))
    throw refusal('invalid-message', 'its content type has control characters', form);
  const headers = withUnfit(message);
  const topic = headers.get(responseTopic);
  const hasTopic = topic !== undefined && topic !== '' && !isFilter(topic) && isText(topic);
  const data = headers.get(correlationData);
  const hasData = data !== undefined && isText(data);
  const own = hasTopic || hasData;
  return {
    isText: typeof body === 'string',
    expirySeconds: ttlMs === undefined ? undefined : expiryOf(ttlMs, form),
    contentType,
    responseTopic: hasTopic ? topic : undefined,
    correlationData: hasData ? data : undefined,
    user: userProperties(message, own ? without(headers, hasTopic, hasData) : headers),
  };
}

/** An id or key that no property can hold goes where such headers go. */
function withUnfit({ id, key, headers }: WireMessage): ReadonlyMap<string, string> {
  if (isText(id) && (key === undefined || isText(key))) return headers;
  const all = new Map(headers);
  if (!isText(id)) all.set(wireNames.id, id);
  if (key !== undefined && !isText(key)) all.set(wireNames.key, key);
  return all;
}

function without(
  headers: ReadonlyMap<string, string>,
  hasTopic: boolean,
  hasData: boolean,
): ReadonlyMap<string, string> {
  const rest = new Map(headers);
  if (hasTopic) rest.delete(responseTopic);
  if (hasData) rest.delete(correlationData);
  return rest;
}

function userProperties(
  { id, key, publishedAt }: WireMessage,
  headers: ReadonlyMap<string, string>,
): readonly (readonly [string, string])[] {
  const written: (readonly [string, string])[] = [];
  if (!headers.has(wireNames.id)) written.push([wireNames.id, id]);
  if (key !== undefined && !headers.has(wireNames.key)) written.push([wireNames.key, key]);
  if (publishedAt !== undefined) written.push([wireNames.time, String(publishedAt)]);
  if (headers.size === 0) return written;
  const { native, packed } = packHeaders(headers, {
    maxCount: Infinity,
    maxNameBytes: maxTextBytes,
    isNative: (name, value) => name !== '__proto__' && isText(name) && isText(value),
  });
  written.push(...native);
  if (packed !== undefined) written.push([wireNames.headers, packed]);
  return written;
}

function encodeProperties(properties: Properties): Uint8Array {
  const writer = propertyWriter();
  writer.byte(0x01, properties.isText ? 1 : 0);
  if (properties.expirySeconds !== undefined) writer.seconds(0x02, properties.expirySeconds);
  if (properties.contentType !== undefined) writer.text(0x03, properties.contentType);
  if (properties.responseTopic !== undefined) writer.text(0x08, properties.responseTopic);
  if (properties.correlationData !== undefined) writer.text(0x09, properties.correlationData);
  for (const [name, value] of properties.user) writer.pair(0x26, name, value);
  return writer.done();
}

function expiryOf(ttlMs: number, form: WireForm): number {
  const seconds = Math.ceil(ttlMs / 1_000);
  if (seconds <= maxExpirySeconds) return seconds;
  const text = `its ttlMs is ${ttlMs}: ${maxExpirySeconds * 1_000} is the most`;
  throw refusal('invalid-argument', text, form);
}

function refusal(
  code: 'too-large' | 'invalid-argument' | 'invalid-message',
  text: string,
  { phrase }: WireForm,
): IntermodalError {
  return new IntermodalError(code, `${phrase} cannot take the message: ${text}`, {
    transport: 'mqtt',
    address: phrase,
  });
}
