import type { CloudEventsOptions } from './channel.ts';
import {
  attributeHeaderPrefix,
  attributesToHeaders,
  checkAttribute,
  coreAttributes,
  defaultSource,
  eventContentType,
  fieldAttributes,
  formatTime,
  isAttributeText,
  keyAttribute,
  malformedEvent,
  mediaType,
  parseTime,
  specVersion,
} from './cloud-event-attributes.ts';
import { decodeEvent, encodeEvent, toMessage } from './cloud-event-envelope.ts';
import { bodyText } from './codec.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { tracingNames } from './header-packing.ts';

export const defaultCloudEventsPrefix = 'ce-';

interface Split {
  readonly source: string;
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * The message as the CloudEvent that its channel asks for. Headers that begin with `ce-` are attributes of the event:
 * `ce-subject`, extensions, and `ce-source` and `ce-type` in place of the channel's.
 *
 * @param prefix what the driver writes before attribute names in binary mode
 * @throws `invalid-argument` for what a CloudEvent cannot hold
 */
export function toCloudEvent(
  message: WireMessage,
  options: CloudEventsOptions,
  prefix: string = defaultCloudEventsPrefix,
): WireMessage {
  const split = splitHeaders(message, options);
  if (options.mode === 'binary')
    return { ...message, headers: binaryHeaders(message, split, prefix) };
  const body = encodeEvent(message, split.source, split.type, split.attributes, split.headers);
  return { ...message, headers: new Map(), contentType: eventContentType, body };
}

function splitHeaders(message: WireMessage, options: CloudEventsOptions): Split {
  let source = options.source ?? defaultSource(message.channel);
  let type = options.type ?? message.channel;
  const attributes = new Map<string, string>();
  const headers = new Map<string, string>();
  for (const [header, value] of message.headers) {
    if (!header.startsWith(attributeHeaderPrefix)) {
      headers.set(header, value);
      continue;
    }
    const name = header.slice(attributeHeaderPrefix.length);
    const reason = fieldAttributes.get(name);
    if (reason !== undefined)
      throw new IntermodalError('invalid-argument', `header '${header}': ${reason}`);
    checkAttribute(name, value, `header '${header}'`);
    if (tracingNames.has(name)) throw bareName(header, name);
    if (name === 'source') source = value;
    else if (name === 'type') type = value;
    else attributes.set(name, value);
  }
  checkAttribute('source', source, `channel '${message.channel}'`);
  checkAttribute('type', type, `channel '${message.channel}'`);
  return { source, type, attributes, headers };
}

function bareName(header: string, name: string): IntermodalError {
  return new IntermodalError(
    'invalid-argument',
    `header '${header}': name it '${name}', on every transport`,
  );
}

function binaryHeaders(
  message: WireMessage,
  split: Split,
  prefix: string,
): ReadonlyMap<string, string> {
  if (message.id === '' || !isAttributeText(message.id)) {
    throw new IntermodalError(
      'invalid-argument',
      "a CloudEvent's id is not empty and has no control characters",
    );
  }
  const headers = new Map([
    [`${prefix}specversion`, specVersion],
    [`${prefix}id`, message.id],
    [`${prefix}source`, split.source],
    [`${prefix}type`, split.type],
  ]);
  if (message.publishedAt !== undefined)
    headers.set(`${prefix}time`, formatTime(message.publishedAt));
  for (const [name, value] of split.attributes) headers.set(`${prefix}${name}`, value);
  for (const [name, value] of split.headers) {
    if (headers.has(name) || attributeOf(name, prefix) !== undefined) {
      const text = `header '${name}': on this transport it would be the CloudEvents attribute; choose another name`;
      throw new IntermodalError('invalid-argument', text);
    }
    headers.set(name, value);
  }
  return headers;
}

/**
 * The message inside a CloudEvent, in either mode and from any program; a message that is none comes back as it is.
 * Its id, key, time and body are the event's; other attributes become headers: `subject` is `ce-subject`, and `source`
 * and `type` are left out where they are the channel's own.
 *
 * @throws `invalid-message` for a CloudEvent that breaks the rules
 */
export function fromCloudEvent(
  message: WireMessage,
  prefix: string = defaultCloudEventsPrefix,
): WireMessage {
  if (message.contentType !== undefined && mediaType(message.contentType) === eventContentType) {
    return fromStructured(message);
  }
  const attributes = new Map<string, string>();
  const headers = new Map<string, string>();
  for (const [header, value] of message.headers) {
    const name = attributeOf(header, prefix);
    if (name === undefined) headers.set(header, value);
    else attributes.set(name, value);
  }
  return attributes.has('specversion') ? fromBinary(message, attributes, headers) : message;
}

function fromStructured(message: WireMessage): WireMessage {
  const event = decodeEvent(bodyText(message.body));
  if (event === undefined)
    throw malformedEvent(`it is no JSON object with 'specversion' ${specVersion}`);
  const inner = toMessage(event, message.channel);
  return {
    ...message,
    ...inner,
    key: inner.key ?? message.key,
    publishedAt: inner.publishedAt ?? message.publishedAt,
    headers: new Map([...message.headers, ...inner.headers]),
  };
}

function fromBinary(
  message: WireMessage,
  attributes: Map<string, string>,
  headers: Map<string, string>,
): WireMessage {
  if (attributes.get('specversion') !== specVersion)
    throw malformedEvent('its version is another one');
  for (const name of ['id', 'source', 'type']) {
    if (!attributes.get(name)) throw malformedEvent(`it has no '${name}'`);
  }
  const take = (name: string): string | undefined => {
    const value = attributes.get(name);
    attributes.delete(name);
    return value;
  };
  take('specversion');
  const time = take('time');
  const key = take(keyAttribute);
  const contentType = take('datacontenttype');
  return {
    ...message,
    id: take('id') ?? message.id,
    key: message.key ?? (key || undefined),
    publishedAt: time === undefined ? message.publishedAt : parseTime(time),
    contentType: message.contentType ?? contentType,
    headers: new Map([...attributesToHeaders(attributes, message.channel), ...headers]),
  };
}

/** `subject` of `cloudEvents:subject`; the newer AMQP binding also allows an underscore there. */
function attributeOf(header: string, prefix: string): string | undefined {
  // Without a prefix (MQTT) only the names of the specification can be told from other headers.
  if (prefix === '') return coreAttributes.has(header) ? header : undefined;
  if (header.startsWith(prefix)) return header.slice(prefix.length);
  if (prefix === 'cloudEvents:' && header.startsWith('cloudEvents_'))
    return header.slice(prefix.length);
  return undefined;
}

/** A binary event with the names of another transport's binding; other messages as they are. */
export function renameAttributes(message: WireMessage, from: string, to: string): WireMessage {
  if (from === to || !message.headers.has(`${from}specversion`)) return message;
  const headers = new Map<string, string>();
  for (const [header, value] of message.headers) {
    const name = attributeOf(header, from);
    headers.set(name === undefined ? header : `${to}${name}`, value);
  }
  return { ...message, headers };
}
