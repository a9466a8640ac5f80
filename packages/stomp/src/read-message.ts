import { randomUUID } from 'node:crypto';
import {
  IntermodalError,
  unpackHeaders,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import { isWrittenByBroker, type StompBroker } from './engine.ts';
import type { Frame } from './frames.ts';

export interface ReadMessage {
  readonly message: WireMessage;
  /** What the message is alone with its fault: the others go on. */
  readonly undecodable: IntermodalError | undefined;
  /** Deliveries that failed before this one, as the broker or the last consumer counted them. */
  readonly failures: number;
  readonly redelivered: boolean;
}

/** Never throws: what cannot be understood is handed on as it is, with the reason. */
export function readMessage(frame: Frame, broker: StompBroker, channel: string): ReadMessage {
  const headers = userHeaders(frame.headers, broker);
  const failures = failuresOf(frame.headers, headers, broker);
  const redelivered = failures > 0 || frame.headers.get('redelivered') === 'true';
  try {
    const message = decode(frame, channel, headers, broker);
    return { message, undecodable: undefined, failures, redelivered };
  } catch (cause) {
    const undecodable = IntermodalError.from(cause, {
      code: 'invalid-message',
      transport: 'stomp',
    });
    const message = { id: randomUUID(), channel, headers, body: frame.body };
    return { message, undecodable, failures, redelivered };
  }
}

function userHeaders(all: Frame['headers'], broker: StompBroker): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of all) if (!isWrittenByBroker(broker, name)) found.set(name, value);
  return found;
}

/** A dead letter tells how often it was tried; brought back, it begins anew. */
function failuresOf(
  all: Frame['headers'],
  headers: Map<string, string>,
  broker: StompBroker,
): number {
  if (broker === 'rabbitmq') return numberOf(all.get('x-delivery-count')) ?? 0;
  if (headers.has(wireNames.reason)) return 0;
  return numberOf(take(headers, wireNames.attempt)) ?? 0;
}

function decode(
  { headers: all, body }: Frame,
  channel: string,
  headers: Map<string, string>,
  broker: StompBroker,
): WireMessage {
  const packed = take(headers, wireNames.headers);
  const encoding = take(headers, wireNames.encoding);
  const time = take(headers, wireNames.time);
  return {
    id: take(headers, wireNames.id) ?? idOf(all, broker),
    channel,
    key: take(headers, wireNames.key),
    publishedAt: numberOf(time) ?? timestampOf(all.get('timestamp'), broker),
    headers: unpackHeaders(headers, packed),
    contentType: all.get('content-type'),
    body: bodyOf(body, encoding, broker === 'activemq' && !all.has('content-length')),
    priority: numberOf(all.get('priority')),
  };
}

/** RabbitMQ's message id in frames is that of the delivery, another one each time. */
function idOf(all: Frame['headers'], broker: StompBroker): string {
  return all.get(broker === 'activemq' ? 'message-id' : 'amqp-message-id') ?? randomUUID();
}

function bodyOf(body: Buffer, encoding: string | undefined, isText: boolean): string | Uint8Array {
  if (encoding === undefined) return isText ? body.toString() : body;
  if (encoding === 'base64') return Buffer.from(body.toString('latin1'), 'base64');
  const text = `'${wireNames.encoding}' is neither absent nor base64: its publisher does not follow version 1`;
  throw new IntermodalError('invalid-message', text);
}

function timestampOf(value: string | undefined, broker: StompBroker): number | undefined {
  const found = numberOf(value);
  return found === undefined || broker === 'activemq' ? found : found * 1_000;
}

function take(headers: Map<string, string>, name: string): string | undefined {
  const value = headers.get(name);
  if (value !== undefined) headers.delete(name);
  return value;
}

function numberOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
