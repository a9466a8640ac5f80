import type { Channel } from './channel.ts';
import { IntermodalError } from './error.ts';
import { describeIssues, type SchemaResult } from './schema.ts';

type AnyChannel = Channel<unknown, unknown, 'none' | 'key'>;

/**
 * The schema's output for a body, or the body itself where the channel has no schema. A promise only where the schema
 * validates asynchronously, so that the usual case costs no turn.
 *
 * @throws (or rejects with) `code`, naming where the body is wrong and never what stands there
 */
export function validate(
  channel: AnyChannel,
  body: unknown,
  code: 'invalid-argument' | 'invalid-message',
): unknown {
  if (channel.schema === undefined) return body;
  let result: unknown;
  try {
    result = channel.schema['~standard'].validate(body);
  } catch (cause) {
    throw schemaFailed(channel, code, cause);
  }
  if (!isThenable(result)) return outputOf(channel, result, code);
  return Promise.resolve(result).then(
    (settled) => outputOf(channel, settled, code),
    (cause: unknown) => {
      throw schemaFailed(channel, code, cause);
    },
  );
}

/** Not `instanceof`: test runners give modules a Promise of their own. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return typeof (value as { readonly then?: unknown }).then === 'function';
}

function outputOf(
  channel: AnyChannel,
  result: unknown,
  code: 'invalid-argument' | 'invalid-message',
): unknown {
  const { issues, value } = result as SchemaResult<unknown> & { readonly value?: unknown };
  if (issues === undefined) return value;
  const text = `the body does not fit the schema of '${channel.name}': ${describeIssues(issues)}`;
  throw new IntermodalError(code, text, { address: channel.name });
}

/** A schema's own error may quote the body, so it is only the cause. */
function schemaFailed(
  channel: AnyChannel,
  code: 'invalid-argument' | 'invalid-message',
  cause: unknown,
): IntermodalError {
  const text = `the schema of '${channel.name}' failed instead of telling what is wrong with the body`;
  return new IntermodalError(code, text, { address: channel.name, cause });
}
