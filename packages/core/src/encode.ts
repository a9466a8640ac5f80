import type { Channel } from './channel.ts';
import { IntermodalError } from './error.ts';
import { describeIssues, type SchemaResult } from './schema.ts';

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
  const result = channel.schema?.['~standard'].validate(body);
  if (result instanceof Promise)
    return result.then((settled) => encodeChecked(channel, body, settled));
  return encodeChecked(channel, body, result);
}

function encodeChecked(
  channel: Channel<unknown, unknown, 'none' | 'key'>,
  body: unknown,
  result: SchemaResult<unknown> | undefined,
): Encoded {
  if (result?.issues !== undefined) {
    throw new IntermodalError(
      'invalid-argument',
      `the body does not fit the schema of '${channel.name}': ${describeIssues(result.issues)}`,
      { address: channel.name },
    );
  }
  const { codec } = channel;
  try {
    return { body: codec.encode(body), contentType: codec.contentType };
  } catch (cause) {
    if (IntermodalError.is(cause)) throw cause;
    throw new IntermodalError(
      'invalid-argument',
      `the codec of '${channel.name}' cannot encode the body`,
      { address: channel.name, cause },
    );
  }
}
