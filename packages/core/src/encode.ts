import type { Channel } from './channel.ts';
import { IntermodalError } from './error.ts';
import { isThenable, validate } from './validate.ts';

export interface Encoded {
  readonly body: string | Uint8Array;
  readonly contentType: string;
}

/**
 * Validates a body against the channel's schema and encodes it as it is: the consumer's validation transforms it. A
 * promise only where the schema validates asynchronously.
 *
 * @throws `invalid-argument`
 */
export function encodeBody(
  channel: Channel<unknown, unknown, 'none' | 'key'>,
  body: unknown,
): Encoded | Promise<Encoded> {
  if (channel.schema === undefined) return encodeValid(channel, body);
  const output = validate(channel, body, 'invalid-argument');
  // The output of a schema may be a promise too; whoever waits for it loses only a turn.
  if (isThenable(output)) return Promise.resolve(output).then(() => encodeValid(channel, body));
  return encodeValid(channel, body);
}

function encodeValid(channel: Channel<unknown, unknown, 'none' | 'key'>, body: unknown): Encoded {
  const { codec } = channel;
  let encoded: unknown;
  try {
    encoded = codec.encode(body);
  } catch (cause) {
    if (IntermodalError.is(cause)) throw cause;
    throw refused(channel, 'its codec cannot encode the body', cause);
  }
  if (typeof encoded === 'string') {
    if (encoded.isWellFormed()) return { body: encoded, contentType: codec.contentType };
    throw refused(channel, 'the body has half a surrogate pair, which no UTF-8 text can hold');
  }
  if (ArrayBuffer.isView(encoded)) {
    return { body: encoded as Uint8Array, contentType: codec.contentType };
  }
  throw refused(channel, `its codec encoded the body neither to a string nor to bytes`);
}

function refused(
  channel: Channel<unknown, unknown, 'none' | 'key'>,
  what: string,
  cause?: unknown,
): IntermodalError {
  const text = `channel '${channel.name}': ${what}`;
  return new IntermodalError('invalid-argument', text, { address: channel.name, cause });
}
