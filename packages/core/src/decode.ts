import type { Channel } from './channel.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { describeIssues, type SchemaResult } from './schema.ts';

/**
 * Decodes a body and gives the schema's output. A promise only where the schema validates asynchronously.
 *
 * @throws `invalid-message`
 */
export function decodeBody(
  channel: Channel<unknown, unknown, 'none' | 'key'>,
  message: WireMessage,
): unknown {
  let body: unknown;
  try {
    body = channel.codec.decode(message.body);
  } catch (cause) {
    if (IntermodalError.is(cause)) throw cause;
    throw new IntermodalError(
      'invalid-message',
      `the codec of '${channel.name}' cannot decode the body`,
      { address: channel.name, cause },
    );
  }
  const result = channel.schema?.['~standard'].validate(body);
  if (result === undefined) return body;
  if (result instanceof Promise) return result.then((settled) => output(channel, settled));
  return output(channel, result);
}

function output(
  channel: Channel<unknown, unknown, 'none' | 'key'>,
  result: SchemaResult<unknown>,
): unknown {
  if (result.issues === undefined) return result.value;
  throw new IntermodalError(
    'invalid-message',
    `the body does not fit the schema of '${channel.name}': ${describeIssues(result.issues)}`,
    { address: channel.name },
  );
}
