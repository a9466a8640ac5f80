import { randomUUID } from 'node:crypto';
import {
  decodeEnvelope,
  IntermodalError,
  unpackHeaders,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import type { IPublishPacket } from 'mqtt';
import type { MqttProtocol } from './engine.ts';
import { correlationData, responseTopic } from './message.ts';

export interface ReadForm {
  readonly protocol: MqttProtocol;
  readonly envelope: 'cloudevents' | 'none';
  readonly channel: string;
}

export interface ReadMessage {
  readonly message: WireMessage;
  /** What the message is alone with its fault: the others go on. */
  readonly undecodable: IntermodalError | undefined;
}

/** Never throws: what cannot be understood is handed on as it is, with the reason. */
export function readMessage(packet: IPublishPacket, form: ReadForm): ReadMessage {
  try {
    const message = form.protocol === '5' ? withProperties(packet, form) : unpacked(packet, form);
    return { message, undecodable: undefined };
  } catch (cause) {
    const undecodable = IntermodalError.from(cause, { code: 'invalid-message', transport: 'mqtt' });
    return { message: foreign(packet, form), undecodable };
  }
}

function foreign({ payload }: IPublishPacket, { channel }: ReadForm): WireMessage {
  // There is no other id: brokers give none, and equal messages must not get the same.
  return { id: randomUUID(), channel, headers: new Map(), body: payload };
}

function unpacked(packet: IPublishPacket, form: ReadForm): WireMessage {
  const body = packet.payload as Buffer;
  const isEvent = form.envelope === 'cloudevents' && body[0] === openingBrace;
  return (isEvent ? decodeEnvelope(body, form.channel) : undefined) ?? foreign(packet, form);
}

const openingBrace = 0x7b;

function withProperties(packet: IPublishPacket, { channel }: ReadForm): WireMessage {
  const { properties = {} } = packet;
  const found = textsOf(properties.userProperties);
  const time = take(found, wireNames.time);
  if (properties.responseTopic !== undefined && !found.has(responseTopic))
    found.set(responseTopic, properties.responseTopic);
  const data = properties.correlationData;
  if (data !== undefined && !found.has(correlationData)) {
    const text = utf8(data);
    if (text !== undefined) found.set(correlationData, text);
  }
  const packed = take(found, wireNames.headers);
  const headers = packed === undefined ? found : new Map(unpackHeaders(found, packed));
  const id = take(headers, wireNames.id);
  const bytes = packet.payload as Buffer;
  return {
    id: id === undefined || id === '' ? randomUUID() : id,
    channel,
    key: take(headers, wireNames.key),
    publishedAt: time !== undefined && /^\d{1,15}$/.test(time) ? Number(time) : undefined,
    headers,
    contentType: properties.contentType,
    body: properties.payloadFormatIndicator === true ? (utf8(bytes) ?? bytes) : bytes,
  };
}

/** Of a name that stands there several times the first; all of them are in the native message. */
function textsOf(
  properties: Readonly<Record<string, string | string[]>> | undefined,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const name in properties) {
    const value = properties[name] ?? '';
    found.set(name, typeof value === 'string' ? value : (value[0] ?? ''));
  }
  return found;
}

function take(headers: Map<string, string>, name: string): string | undefined {
  const value = headers.get(name);
  if (value !== undefined) headers.delete(name);
  return value;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Nothing where it is none. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
