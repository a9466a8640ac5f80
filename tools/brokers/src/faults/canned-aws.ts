import { startAwsProxy, type AwsProxy } from './aws-proxy.ts';
import type { AwsCall, AwsError, AwsObject } from './aws-wire.ts';

/**
 * Answers one operation: with an output, or with `undefined` to leave it to the emulator behind.
 * It throws an `AwsRefusal` to answer with an error.
 */
export type CannedAnswer = (
  input: AwsObject,
  call: AwsCall,
) => AwsObject | undefined | Promise<AwsObject | undefined>;

/** Thrown by a canned answer: the error that the caller gets. */
export class AwsRefusal extends Error {
  override readonly name = 'AwsRefusal';
  readonly error: AwsError;

  constructor(error: AwsError) {
    super(error.message ?? error.name);
    this.error = error;
  }
}

/**
 * A server that answers these operations, for what no emulator does.
 *
 * @param answers By target: `{ 'AmazonSQS.StartMessageMoveTask': (input) => ({ TaskHandle: 't' }) }`,
 *   and `AmazonSNS.Publish` for the services that speak the Query protocol.
 * @param otherwise The emulator that answers everything else; without it that is `InvalidAction`.
 */
export async function cannedAws(
  answers: Readonly<Record<string, CannedAnswer>>,
  otherwise?: string,
): Promise<AwsProxy> {
  const proxy = await startAwsProxy(otherwise);
  proxy.inject(async (call) => {
    const answer = answers[call.target];
    if (!answer) return undefined;
    try {
      const output = await answer(call.input, call);
      return output && { kind: 'answer', output };
    } catch (error) {
      if (error instanceof AwsRefusal) return { kind: 'error', error: error.error };
      // A mistake in a test's answer must not look like a broken connection.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { kind: 'error', error: { name: 'CannedAnswerFailed', status: 501, message } };
    }
  });
  return proxy;
}
