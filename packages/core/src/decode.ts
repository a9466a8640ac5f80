import type { Channel } from './channel.ts';
import { eventContentType, mediaType } from './cloud-event-attributes.ts';
import { fromCloudEvent } from './cloud-events.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { validate } from './validate.ts';

type AnyChannel = Channel<unknown, unknown, 'none' | 'key'>;

/**
 * The message that a handler is to see: out of its CloudEvent where the channel asks for CloudEvents, and where the
 * content type says that the body is one although the channel's codec expects something else.
 *
 * @throws `invalid-message`
 */
export function unwrapMessage(
  channel: AnyChannel,
  message: WireMessage,
  cloudEventsPrefix: string,
): WireMessage {
  if (channel.cloudEvents !== undefined) return fromCloudEvent(message, cloudEventsPrefix);
  if (!isEvent(message.contentType) || isEvent(channel.codec.contentType)) return message;
  return fromCloudEvent(message, cloudEventsPrefix);
}

function isEvent(contentType: string | undefined): boolean {
  // Nearly every message ends here, at the cost of one comparison.
  if (contentType === undefined || contentType.length < eventContentType.length) return false;
  return mediaType(contentType) === eventContentType;
}

/**
 * Decodes the body of an unwrapped message and gives the schema's output. A promise only where the schema validates
 * asynchronously.
 *
 * @throws `invalid-message`
 */
export function decodeBody(channel: AnyChannel, message: WireMessage): unknown {
  let body: unknown;
  try {
    body = channel.codec.decode(message.body);
  } catch (cause) {
    if (IntermodalError.is(cause)) throw cause;
    const text = `channel '${channel.name}': its codec cannot decode the body`;
    throw new IntermodalError('invalid-message', text, { address: channel.name, cause });
  }
  return validate(channel, body, 'invalid-message');
}
