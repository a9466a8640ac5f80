import {
  DescribeStreamConsumerCommand,
  type KinesisClient,
  RegisterStreamConsumerCommand,
  type StartingPosition,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis';
import { type Clock, IntermodalError } from '@intermodal/core/driver';
import { ask } from './ask.ts';
import type { Subscribe } from './fan-out-reader.ts';
import type { ReadFrom } from './reads.ts';
import { createWakeable } from './wakeable.ts';

const firstPollMs = 50;
const maxPollMs = 2_000;

/** The stream consumer of a group, registered if it is not, once it is active. */
export async function findConsumer(
  client: KinesisClient,
  StreamARN: string,
  ConsumerName: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const place = `kinesis stream consumer '${ConsumerName}'`;
  const describe = async (): Promise<
    { readonly arn: string; readonly status: string } | undefined
  > => {
    const command = new DescribeStreamConsumerCommand({ StreamARN, ConsumerName });
    try {
      const { ConsumerDescription } = await ask(
        client.send(command, { abortSignal: signal }),
        place,
      );
      const { ConsumerARN = '', ConsumerStatus = '' } = ConsumerDescription ?? {};
      return { arn: ConsumerARN, status: ConsumerStatus };
    } catch (error) {
      if (IntermodalError.is(error, 'not-found')) return undefined;
      throw error;
    }
  };
  let found = await describe();
  if (found === undefined) {
    const command = new RegisterStreamConsumerCommand({ StreamARN, ConsumerName });
    await ask(client.send(command, { abortSignal: signal }), place).catch((error: unknown) => {
      // Another worker is registering it.
      if (!IntermodalError.is(error, 'unavailable')) throw error;
    });
  }
  for (let ms = firstPollMs; found?.status !== 'ACTIVE'; ms = Math.min(maxPollMs, ms * 2)) {
    await createWakeable(clock).sleep(ms, signal);
    signal.throwIfAborted();
    found = await describe();
  }
  return found.arn;
}

/** Subscriptions of one consumer; failures are those of the SDK. */
export function createSubscribe(client: KinesisClient, ConsumerARN: string): Subscribe {
  return async (ShardId, from, abortSignal) => {
    const command = new SubscribeToShardCommand({
      ConsumerARN,
      ShardId,
      StartingPosition: startOf(from),
    });
    const { EventStream } = await client.send(command, { abortSignal });
    return EventStream ?? none();
  };
}

async function* none(): AsyncGenerator<never> {
  // A subscription that never was.
}

function startOf(from: ReadFrom): StartingPosition {
  if (from.at === 'earliest') return { Type: 'TRIM_HORIZON' };
  if (from.at === 'time') return { Type: 'AT_TIMESTAMP', Timestamp: new Date(from.sinceMs) };
  if (from.at === 'latest' || from.at === 'end') return { Type: 'LATEST' };
  const Type = from.at === 'record' ? 'AT_SEQUENCE_NUMBER' : 'AFTER_SEQUENCE_NUMBER';
  return { Type, SequenceNumber: from.sequence };
}
