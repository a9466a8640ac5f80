import {
  type Channel,
  createPushReceiver,
  type DeliveryBase,
  type PushOutcome,
  type PushReceiver,
  systemClock,
} from '@intermodal/core';
import { readRecord, type ReadRecord } from '../read-record.ts';
import { createSlots, eachInSlots } from '../slots.ts';
import type {
  TransformationContext,
  TransformationEvent,
  TransformationInput,
  TransformationOutput,
  TransformationReply,
} from './event.ts';
import { fitReply } from './fit-reply.ts';
import {
  checkTransformationOptions,
  defaultMaxReplyBytes,
  type TransformationFailure,
  type TransformationOptions,
  type TransformationRecord,
  type Transformed,
} from './options.ts';
import { failedOutput, outputOf } from './output.ts';

/** The function to hand to Lambda. */
export type Transformation = (
  event: TransformationEvent,
  context?: TransformationContext,
) => Promise<TransformationReply>;

/** A record on its way through the function. */
interface Turn<T> {
  readonly input: TransformationInput;
  readonly read: ReadRecord;
  /** Undefined where it never got to the function. */
  record: TransformationRecord<T> | undefined;
  result: Transformed | undefined;
}

// The longest that a function which Firehose invokes may take.
const longestMs = 300_000;

/**
 * The transformation of a delivery stream: every record is decoded as a consumer would, and every record id answered once.
 * A record that cannot be read, or whose transformation throws or is too late, is `ProcessingFailed`; the others go on.
 *
 * @throws `invalid-argument`
 */
export function createFirehoseTransformation<I, O, N extends 'none' | 'key'>(
  channel: Channel<I, O, N>,
  options: TransformationOptions<O>,
  transform: (record: TransformationRecord<O>) => Promise<Transformed> | Transformed,
): Transformation {
  checkTransformationOptions(options);
  const { concurrency = 16, marginMs = 1_000, delimiter = '\n', clock = systemClock } = options;
  const { maxReplyBytes = defaultMaxReplyBytes, envelope = 'cloudevents', reingest } = options;
  const form = { channel: channel.name, envelope, delimiter };

  function failed(failure: TransformationFailure): TransformationOutput {
    options.onFailure?.(failure);
    return failedOutput(failure.recordId);
  }

  /** One for each invocation: what was too late in one must not go on in the next. */
  function openReceiver(): PushReceiver {
    return createPushReceiver(channel, { capacity: concurrency, clock }, async (delivery) => {
      const turn = delivery.native as Turn<O>;
      turn.record = recordOf(delivery, turn);
      turn.result = await transform(turn.record);
    });
  }

  function turnOf(input: TransformationInput): Turn<O> {
    const { data, recordId, approximateArrivalTimestamp, kinesisRecordMetadata } = input;
    const facts = {
      id: recordId,
      key: kinesisRecordMetadata?.partitionKey,
      arrivedAt: approximateArrivalTimestamp,
      attributes: {},
    };
    const read = readRecord(data, facts, form);
    return { input, read, record: undefined, result: undefined };
  }

  function outputAfter(outcome: PushOutcome, { input, record, result }: Turn<O>) {
    const { recordId } = input;
    switch (outcome.action) {
      case 'ack': {
        // Control messages reach no function; they are for consumers alone.
        if (record === undefined) return { recordId, result: 'Dropped' } as const;
        const output = result && outputOf(recordId, result, delimiter);
        return output ?? failed({ recordId, reason: 'the function returned no result' });
      }
      case 'retry': {
        const { error } = outcome;
        return failed({ recordId, reason: 'the function threw, or was not done in time', error });
      }
      case 'reject': {
        return failed({ recordId, reason: outcome.reason });
      }
      case 'over-capacity': {
        return failed({ recordId, reason: 'records before it are not done' });
      }
      default: {
        return outcome satisfies never;
      }
    }
  }

  async function answerEach(
    turns: readonly Turn<O>[],
    remainingMs: number,
  ): Promise<readonly TransformationOutput[]> {
    const until = clock.now() + remainingMs;
    const outputs: TransformationOutput[] = [];
    const receiver = openReceiver();
    const over = new AbortController();
    const stopTimer = clock.setTimer(() => {
      over.abort();
    }, remainingMs);
    try {
      const slots = createSlots(concurrency);
      await eachInSlots(turns.length, concurrency, slots, over.signal, async (index) => {
        const turn = turns[index] as Turn<O>;
        const { message, undecodable } = turn.read;
        const deadlineMs = until - clock.now();
        const delivery = { message, undecodable, deadlineMs, native: turn };
        outputs[index] = outputAfter(await receiver.receive(delivery), turn);
      });
    } finally {
      stopTimer();
      await receiver.close({ deadlineMs: 0 });
    }
    return turns.map(({ input: { recordId } }, index) => {
      return outputs[index] ?? failed({ recordId, reason: 'there was no time for it' });
    });
  }

  /** What there is no room for goes back into the stream, unless it would come to nothing there too. */
  async function fitted(
    turns: readonly Turn<O>[],
    wanted: readonly TransformationOutput[],
  ): Promise<TransformationOutput[]> {
    const { outputs, left } = fitReply(wanted, maxReplyBytes);
    const back = reingest === undefined ? [] : left.filter(({ fitsAlone }) => fitsAlone);
    const records = back.flatMap(({ index }) => turns[index]?.record ?? []);
    const isBack = await putBack(records);
    const reply = [...outputs];
    for (const { index, fitsAlone } of left) {
      const { recordId } = outputs[index] as TransformationOutput;
      reply[index] =
        isBack && fitsAlone
          ? { recordId, result: 'Dropped' }
          : failed({ recordId, reason: 'the reply has no room for it' });
    }
    return reply;
  }

  async function putBack(records: readonly TransformationRecord<O>[]): Promise<boolean> {
    if (reingest === undefined || records.length === 0) return false;
    return reingest(records).then(
      () => true,
      () => false,
    );
  }

  return async ({ records }, context) => {
    const remainingMs = (context?.getRemainingTimeInMillis() ?? longestMs) - marginMs;
    const turns = records.map(turnOf);
    const wanted = await answerEach(turns, remainingMs);
    return { records: await fitted(turns, wanted) };
  };
}

function recordOf<T>(delivery: DeliveryBase<T>, { input, read }: Turn<T>): TransformationRecord<T> {
  const { id, channel, key, body, headers, publishedAt, signal } = delivery;
  return {
    id,
    channel,
    key,
    body,
    headers,
    publishedAt,
    signal,
    data: read.data,
    arrivedAt: new Date(input.approximateArrivalTimestamp),
    kinesis: input.kinesisRecordMetadata,
    native: input,
  };
}
