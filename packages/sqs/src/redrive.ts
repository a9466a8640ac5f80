import { setTimeout as wait } from 'node:timers/promises';
import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { IntermodalError } from '@intermodal/core/driver';
import { ask } from './ask.ts';

export interface MoveOptions {
  readonly sourceArn: string;
  readonly targetArn: string;
  readonly maxPerSecond: number | undefined;
  /** For error messages. */
  readonly place: string;
}

const fastestPerSecond = 500;
const lookAgainMs = 1_000;

/**
 * Lets SQS move every dead letter back, and waits until it has.
 *
 * @throws `unsupported` where the service has no move tasks, cannot move from this queue or not at this rate: it can
 * still be done by hand
 */
export async function moveDeadLetters(
  client: SQSClient,
  options: MoveOptions,
  signal: AbortSignal,
): Promise<{ readonly moved: number }> {
  const { place } = options;
  const TaskHandle = await startTask(client, options, signal);
  for (;;) {
    // Not under the signal: a task that runs must be seen, or cancelled, first.
    const {
      Status,
      ApproximateNumberOfMessagesMoved: moved = 0,
      FailureReason,
    } = await newestTask(client, options);
    if (Status === 'COMPLETED') return { moved };
    if (Status !== 'RUNNING' && Status !== undefined) {
      const text = `${place}: the move of dead letters ended as ${Status} after ${moved}: ${FailureReason ?? 'no reason given'}`;
      throw new IntermodalError('unavailable', text, { transport: 'sqs' });
    }
    if (signal.aborted) {
      await client.send(new CancelMessageMoveTaskCommand({ TaskHandle })).catch(() => undefined);
      const text = `${place}: the move of dead letters was cancelled after about ${moved}`;
      throw new IntermodalError('aborted', text, { transport: 'sqs', cause: signal.reason });
    }
    await wait(lookAgainMs, undefined, { signal }).catch(() => undefined);
  }
}

async function startTask(
  client: SQSClient,
  options: MoveOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { sourceArn, targetArn, maxPerSecond, place } = options;
  if (maxPerSecond !== undefined && maxPerSecond < 1) throw byHand(place, undefined);
  const rate =
    maxPerSecond === undefined
      ? {}
      : { MaxNumberOfMessagesPerSecond: Math.min(fastestPerSecond, Math.floor(maxPerSecond)) };
  const command = new StartMessageMoveTaskCommand({
    SourceArn: sourceArn,
    DestinationArn: targetArn,
    ...rate,
  });
  try {
    const output = await ask(client.send(command, { abortSignal: signal }), place);
    return output.TaskHandle;
  } catch (cause) {
    if (isBeyond(cause)) throw byHand(place, cause);
    throw cause;
  }
}

/** Not a dead-letter queue by its own redrive policy, or an emulator, which may answer with a page of HTML. */
function isBeyond(error: unknown): boolean {
  if (!IntermodalError.is(error)) return false;
  const { code, cause } = error;
  return code === 'invalid-argument' || code === 'unsupported' || cause instanceof SyntaxError;
}

function byHand(place: string, cause: unknown): IntermodalError {
  return new IntermodalError(
    'unsupported',
    `${place}: the service cannot move these dead letters by itself`,
    { transport: 'sqs', cause },
  );
}

async function newestTask(
  client: SQSClient,
  { sourceArn, place }: MoveOptions,
): Promise<ListMessageMoveTasksResultEntry> {
  const command = new ListMessageMoveTasksCommand({ SourceArn: sourceArn, MaxResults: 10 });
  const { Results = [] } = await ask(client.send(command), place);
  // Only a running task has its handle; one queue has one at a time, so the newest is ours.
  return Results.toSorted((a, b) => (b.StartedTimestamp ?? 0) - (a.StartedTimestamp ?? 0))[0] ?? {};
}
