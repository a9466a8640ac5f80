import { setTimeout as wait } from 'node:timers/promises';
import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { IntermodalError } from '@intermodal/core/driver';
import { call } from './queues.ts';

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
export async function moveDeadLetters(client: SQSClient, options: MoveOptions, signal: AbortSignal): Promise<{ readonly moved: number }> {
  const taskHandle = await startTask(client, options, signal);
  for (;;) {
    const task = await newestTask(client, options, signal).catch((error: unknown) => {
      // Its answer came in time, but nobody waits for the next one.
      if (signal.aborted) return undefined;
      throw error;
    });
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
    switch (task?.Status) {
      case 'COMPLETED':
        return { moved };
      case 'FAILED':
      case 'CANCELLED':
      case 'CANCELLING':
        throw new IntermodalError('unavailable', `${options.place}: the move of dead letters ended as ${task.Status} after ${moved}: ${task.FailureReason ?? 'no reason given'}`, { transport: 'sqs' });
      default:
        await wait(lookAgainMs, undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) {
      await client.send(new CancelMessageMoveTaskCommand({ TaskHandle: taskHandle })).catch(() => undefined);
      throw new IntermodalError('aborted', `${options.place}: the move of dead letters was cancelled after about ${moved}`, { transport: 'sqs', cause: signal.reason });
    }
  }
}

async function startTask(client: SQSClient, options: MoveOptions, signal: AbortSignal): Promise<string | undefined> {
  const { sourceArn, targetArn, maxPerSecond, place } = options;
  if (maxPerSecond !== undefined && maxPerSecond < 1) throw byHand(place, undefined);
  const rate = maxPerSecond === undefined ? {} : { MaxNumberOfMessagesPerSecond: Math.min(fastestPerSecond, Math.floor(maxPerSecond)) };
  const command = new StartMessageMoveTaskCommand({ SourceArn: sourceArn, DestinationArn: targetArn, ...rate });
  try {
    const output = await call(() => client.send(command, { abortSignal: signal }), place);
    return output.TaskHandle;
  } catch (cause) {
    // Not a dead-letter queue by the service's own redrive policy, for instance.
    if (IntermodalError.is(cause, 'invalid-argument') || IntermodalError.is(cause, 'unsupported')) throw byHand(place, cause);
    throw cause;
  }
}

function byHand(place: string, cause: unknown): IntermodalError {
  return new IntermodalError('unsupported', `${place}: the service cannot move these dead letters by itself`, { transport: 'sqs', cause });
}

async function newestTask(client: SQSClient, options: MoveOptions, signal: AbortSignal): Promise<ListMessageMoveTasksResultEntry | undefined> {
  const command = new ListMessageMoveTasksCommand({ SourceArn: options.sourceArn, MaxResults: 10 });
  const { Results = [] } = await call(() => client.send(command, { abortSignal: signal }), options.place);
  // Only a running task has its handle; one queue has one at a time, so the newest is ours.
  return Results.toSorted((a, b) => (b.StartedTimestamp ?? 0) - (a.StartedTimestamp ?? 0))[0];
}
