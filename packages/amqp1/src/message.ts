import { IntermodalError, packHeaders, type WireMessage, wireNames } from '@intermodal/core/driver';
import rhea from 'rhea';
import { type Amqp1Broker, isBrokersName } from './engine.ts';

/** How messages of one sender are written. */
export interface WireForm {
  readonly broker: Amqp1Broker;
  readonly maxMessageBytes: number;
  /** For error messages. */
  readonly place: string;
}

// RabbitMQ 3 turns names, ids and content types into short strings of AMQP 0-9-1, as its other clients read them.
const maxShortBytes = 255;
const maxTtlMs = 2 ** 32 - 1;

/**
 * The encoded message: what really goes on the wire, without the frames around it.
 *
 * @throws `too-large`, `invalid-argument`, `invalid-message`
 */
export function writeMessage(message: WireMessage, form: WireForm): Buffer {
  const { id, key, contentType, publishedAt, ttlMs, delayMs = 0 } = message;
  if (contentType !== undefined && !/^[\x20-\x7e]{0,255}$/.test(contentType)) {
    const text = `its content type must be ASCII, of at most ${maxShortBytes} characters`;
    throw refusal('invalid-message', text, form);
  }
  const encoded = rhea.message.encode({
    durable: true,
    ...(ttlMs === undefined ? {} : { ttl: ttlOf(ttlMs, form) }),
    ...(delayMs > 0
      ? {
          message_annotations: { 'x-opt-delivery-delay': rhea.types.wrap_long(Math.ceil(delayMs)) },
        }
      : {}),
    ...(isShort(id) ? { message_id: id } : {}),
    ...(key === undefined || !isShort(key) ? {} : { group_id: key }),
    ...(contentType === undefined ? {} : { content_type: contentType }),
    ...(publishedAt === undefined ? {} : { creation_time: new Date(publishedAt) }),
    application_properties: propertiesOf(message, form.broker),
    body: bodyOf(message.body, form.broker),
  });
  if (encoded.length <= form.maxMessageBytes) return encoded;
  const text = `it has ${encoded.length} bytes with its headers, and ${form.maxMessageBytes} are the most: send less, or store the body elsewhere and send where it is`;
  throw refusal('too-large', text, form);
}

/** Text is a value where others see a text message by that; RabbitMQ shows other clients only data as they know it. */
function bodyOf(body: string | Uint8Array, broker: Amqp1Broker): unknown {
  if (typeof body === 'string' && broker === 'activemq') return body;
  const bytes =
    typeof body === 'string'
      ? Buffer.from(body)
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return rhea.message.data_section(bytes);
}

function isShort(text: string): boolean {
  return text.length <= maxShortBytes && Buffer.byteLength(text) <= maxShortBytes;
}

function propertiesOf(
  { id, key, publishedAt, headers }: WireMessage,
  broker: Amqp1Broker,
): Readonly<Record<string, string>> {
  const { native, packed } = packHeaders(headers, {
    maxCount: Infinity,
    maxNameBytes: maxShortBytes,
    isNative: (name) => name !== '' && name !== '__proto__' && !isBrokersName(broker, name),
  });
  const properties: Record<string, string> = {};
  for (const [name, value] of native) properties[name] = value;
  if (packed !== undefined) properties[wireNames.headers] = packed;
  if (!isShort(id)) properties[wireNames.id] = id;
  // Programs that read by AMQP 0-9-1 or STOMP are not shown the group id.
  if (key !== undefined) properties[wireNames.key] = key;
  if (publishedAt !== undefined) properties[wireNames.time] = String(publishedAt);
  return properties;
}

function ttlOf(ttlMs: number, form: WireForm): number {
  if (ttlMs <= maxTtlMs) return Math.ceil(ttlMs);
  throw refusal('invalid-argument', `its ttlMs is ${ttlMs}: ${maxTtlMs} is the most`, form);
}

function refusal(
  code: 'too-large' | 'invalid-argument' | 'invalid-message',
  text: string,
  { place }: WireForm,
): IntermodalError {
  return new IntermodalError(code, `${place} cannot take the message: ${text}`, {
    transport: 'amqp1',
    address: place,
  });
}
