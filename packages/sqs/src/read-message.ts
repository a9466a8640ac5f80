import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import {
  IntermodalError,
  unpackHeaders,
  type WireMessage,
  wireNames,
} from '@intermodal/core/driver';
import { contentTypeName, traceName } from './message.ts';
import { unwrapNotification } from './sns-envelope.ts';
import { decodeBody, identifierOf, matchesMd5, traceHeaderOf } from './wire-text.ts';

/** How messages of one queue are read. */
export interface ReadForm {
  readonly channel: string;
  readonly checksum: 'md5' | 'none';
  readonly snsEnvelopes: 'unwrap' | 'keep';
}

export interface ReadMessage {
  readonly message: WireMessage;
  /** What the message is alone with its fault: the rest of the batch goes on. */
  readonly undecodable: IntermodalError | undefined;
  readonly group: string | undefined;
  readonly attempt: number | undefined;
}

interface Raw {
  readonly id: string;
  readonly body: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly publishedAt: number | undefined;
}

/** Never throws: what cannot be understood is handed on as it is, with the reason. */
export function readMessage(native: Message, form: ReadForm): ReadMessage {
  const group = native.Attributes?.MessageGroupId;
  const attempt = integer(native.Attributes?.ApproximateReceiveCount);
  const raw = rawOf(native, form);
  if (form.checksum === 'md5' && !matchesMd5(native.Body ?? '', native.MD5OfBody)) {
    return { message: asItIs(raw, form, group), undecodable: damaged(), group, attempt };
  }
  try {
    return { message: decode(raw, form, group), undecodable: undefined, group, attempt };
  } catch (cause) {
    const undecodable = IntermodalError.from(cause, { code: 'invalid-message', transport: 'sqs' });
    return { message: asItIs(raw, form, group), undecodable, group, attempt };
  }
}

function rawOf(native: Message, form: ReadForm): Raw {
  const headers = stringAttributes(native.MessageAttributes);
  const body = native.Body ?? '';
  const publishedAt = integer(native.Attributes?.SentTimestamp);
  const notification =
    form.snsEnvelopes === 'unwrap' && !headers.has(wireNames.id)
      ? unwrapNotification(body)
      : undefined;
  if (notification !== undefined) return notification;
  const trace = native.Attributes?.AWSTraceHeader;
  if (trace !== undefined && trace !== traceHeaderOf(headers.get('traceparent') ?? ''))
    headers.set(traceName, trace);
  return { id: native.MessageId ?? '', body, headers, publishedAt };
}

function decode(raw: Raw, form: ReadForm, group: string | undefined): WireMessage {
  const native = new Map(raw.headers);
  const packed = native.get(wireNames.headers);
  const contentType = native.get(contentTypeName);
  native.delete(wireNames.headers);
  // Ours is a field alone; a foreign program's is one of its headers besides.
  if (isOurs(raw)) native.delete(contentTypeName);
  const headers = new Map(unpackHeaders(native, packed));
  const field = (name: string): string | undefined => {
    const value = headers.get(name);
    headers.delete(name);
    return value;
  };
  const id = field(wireNames.id) ?? raw.id;
  const key = field(wireNames.key) ?? keyOf(group, id);
  const publishedAt = integer(field(wireNames.time)) ?? raw.publishedAt;
  const body = bodyOf(raw.body, field(wireNames.encoding));
  return { id, channel: form.channel, key, publishedAt, headers, contentType, body };
}

/** An id that no attribute can hold is packed. */
function isOurs({ headers }: Raw): boolean {
  return headers.has(wireNames.id) || headers.has(wireNames.headers);
}

function bodyOf(text: string, encoding: string | undefined): string | Uint8Array {
  if (encoding === undefined) return text;
  if (encoding === 'base64') return decodeBody(text);
  throw new IntermodalError(
    'invalid-message',
    `'${wireNames.encoding}' names an encoding that this version does not know`,
  );
}

/** The group is the key, except where the publisher had no key and used the id. */
function keyOf(group: string | undefined, id: string): string | undefined {
  return group === identifierOf(id) ? undefined : group;
}

function asItIs(raw: Raw, form: ReadForm, group: string | undefined): WireMessage {
  const id = raw.headers.get(wireNames.id) ?? raw.id;
  const { body, headers, publishedAt } = raw;
  return { id, channel: form.channel, key: keyOf(group, id), publishedAt, headers, body };
}

/** Binary attributes are only in the native message. */
function stringAttributes(
  attributes: Readonly<Record<string, MessageAttributeValue>> | undefined,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, attribute] of Object.entries(attributes ?? {})) {
    if (attribute.StringValue !== undefined) found.set(name, attribute.StringValue);
  }
  return found;
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function damaged(): IntermodalError {
  return new IntermodalError(
    'invalid-message',
    'the MD5 of the body is not the one that the queue states',
    { transport: 'sqs' },
  );
}
