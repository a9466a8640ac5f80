import {
  copyBytes,
  IntermodalError,
  type Prepared,
  type WireMessage,
} from '@intermodal/core/driver';

/** What a sender hands to the broker: nobody else can change it, and it can be sent any number of times. */
export interface Payload {
  /** As it is delivered: without what only concerned the sending. */
  readonly message: WireMessage;
  readonly priority: number;
  readonly delayMs: number;
  readonly ttlMs: number;
  readonly dedupeId: string | undefined;
}

/** A message that the broker has taken, shared by all groups. */
export interface Stored {
  readonly message: WireMessage;
  readonly priority: number;
  /** Counts on over all channels of a broker: the order of arrival. */
  readonly sequence: number;
  /** Times are those of the broker's clock. */
  readonly arrivedAt: number;
  readonly visibleAt: number;
  readonly expiresAt: number;
  /** The only group it is for. */
  readonly only: string | undefined;
}

const noHeaders: ReadonlyMap<string, string> = new Map();

/** Bytes are copied here and at each delivery, so that a buffer used again can reach neither a queue nor a retry. */
export function prepare(message: WireMessage, maxMessageBytes: number): Prepared {
  const { priority = 0 } = message;
  if (!(Number.isInteger(priority) && priority >= 0 && priority <= 9)) {
    throw new IntermodalError('invalid-message', `priority must be 0 to 9, not ${priority}`);
  }
  const bytes = sizeOf(message);
  if (bytes > maxMessageBytes) {
    const text = `the message has ${bytes} bytes and '${message.channel}' takes ${maxMessageBytes}: send less, or raise maxMessageBytes`;
    throw new IntermodalError('too-large', text, { transport: 'memory', address: message.channel });
  }
  const payload: Payload = {
    message: {
      id: message.id,
      channel: message.channel,
      key: message.key,
      publishedAt: message.publishedAt,
      headers: copyHeaders(message.headers),
      contentType: message.contentType,
      body: copyBody(message.body),
      priority: message.priority,
    },
    priority,
    delayMs: message.delayMs ?? 0,
    ttlMs: message.ttlMs ?? Infinity,
    dedupeId: message.dedupeId,
  };
  return { bytes, lane: message.key, payload };
}

/** As `message`, but nothing that can be changed is shared with it. */
export function copyMessage(message: WireMessage): WireMessage {
  const { body, headers } = message;
  if (typeof body === 'string' && headers.size === 0) return message;
  return { ...message, body: copyBody(body), headers: copyHeaders(headers) };
}

function copyBody(body: string | Uint8Array): string | Uint8Array {
  return typeof body === 'string' ? body : copyBytes(body);
}

function copyHeaders(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return headers.size === 0 ? noHeaders : new Map(headers);
}

export function store(
  payload: Payload,
  sequence: number,
  now: number,
  only: string | undefined,
): Stored {
  return {
    message: payload.message,
    priority: payload.priority,
    sequence,
    arrivedAt: now,
    visibleAt: now + payload.delayMs,
    expiresAt: now + payload.ttlMs,
    only,
  };
}

function sizeOf(message: WireMessage): number {
  const { body, headers } = message;
  let bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  for (const [name, value] of headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
