import {
  type Channel,
  createPushReceiver,
  type PushOutcome,
  type StopReport,
  systemClock,
} from '@intermodal/core';
import { readRecord, type ReadRecord } from '../read-record.ts';
import { createSlots, eachInSlots } from '../slots.ts';
import type { FirehoseDelivery, FirehoseEndpointOptions, FirehoseRecordOrigin } from './options.ts';
import type { FirehoseRequest } from './request.ts';
import { createRequestMemory, type Remembered, type Standing } from './request-memory.ts';

/** What one pass over a request came to. */
export interface Tally {
  readonly records: number;
  rejected: number;
  overCapacity: number;
  open: number;
}

/** Hands the records of requests to the handler, each until it is acked. */
export interface HandOut {
  /** Never rejects. A request that comes again while it is worked on has that work's result. */
  all(request: FirehoseRequest): Promise<Tally>;
  close(options?: { readonly deadlineMs?: number }): Promise<StopReport>;
}

/** @throws `invalid-argument` */
export function createHandOut<I, O, N extends 'none' | 'key'>(
  channel: Channel<I, O, N>,
  options: FirehoseEndpointOptions,
  handler: (delivery: FirehoseDelivery<O>) => Promise<void> | void,
): HandOut {
  const { concurrency = 16, deadlineMs = 150_000, clock = systemClock, deadLetter } = options;
  const form = {
    channel: channel.name,
    envelope: options.envelope ?? 'cloudevents',
    delimiter: options.delimiter ?? '\n',
  } as const;
  const memory = createRequestMemory(options.rememberedRequests ?? 1_000);
  const slots = createSlots(concurrency);
  const receiver = createPushReceiver(
    channel,
    {
      capacity: 2 * concurrency,
      group: options.group,
      // Firehose decides how long it tries, unless there is a place for what it would try in vain.
      retry: {
        maxAttempts:
          deadLetter === undefined ? Number.MAX_SAFE_INTEGER : (options.maxAttempts ?? 5),
      },
      middleware: options.middleware,
      clock,
    },
    (delivery) => handler(delivery as FirehoseDelivery<O>),
  );

  /** Goes on when Firehose no longer listens: what is acked meanwhile is not handed out again. */
  async function handOut(request: FirehoseRequest, remembered: Remembered): Promise<Tally> {
    const { records } = request;
    const tally: Tally = { records: records.length, rejected: 0, overCapacity: 0, open: 0 };
    const until = clock.now() + deadlineMs;
    const over = new AbortController();
    const stopTimer = clock.setTimer(() => {
      over.abort();
    }, deadlineMs);
    const due = Array.from(records.keys()).filter((i) => remembered.standingOf(i) === 'open');
    try {
      await eachInSlots(due.length, concurrency, slots, over.signal, async (nth) => {
        const index = due[nth] ?? 0;
        const receiving = receive(request, index, remembered.attempts, until, over.signal);
        // What the caller's own functions throw must not end the others.
        const outcome = await receiving.catch((): Standing => 'open');
        if (outcome === 'over-capacity') tally.overCapacity += 1;
        else remembered.settle(index, outcome);
      });
    } finally {
      stopTimer();
    }
    for (const index of records.keys()) {
      const standing = remembered.standingOf(index);
      if (standing === 'rejected') tally.rejected += 1;
      if (standing === 'open') tally.open += 1;
    }
    tally.open -= tally.overCapacity;
    return tally;
  }

  async function receive(
    request: FirehoseRequest,
    index: number,
    attempts: number,
    until: number,
    over: AbortSignal,
  ): Promise<Standing | 'over-capacity'> {
    const { requestId, sourceArn, timestamp, commonAttributes } = request;
    const native: FirehoseRecordOrigin = {
      requestId,
      sourceArn,
      timestamp,
      index,
      commonAttributes,
    };
    const facts = {
      id: `${requestId}:${index}`,
      key: undefined,
      arrivedAt: timestamp,
      attributes: commonAttributes,
    };
    const read = readRecord(request.records[index], facts, form);
    const { message, undecodable } = read;
    const outcome = await receiver.receive({
      message,
      undecodable,
      deadlineMs: until - clock.now(),
      attempt: attempts + 1,
      native,
    });
    return standingAfter(outcome, read, native, over);
  }

  async function standingAfter(
    outcome: PushOutcome,
    { message: { id }, data }: ReadRecord,
    native: FirehoseRecordOrigin,
    over: AbortSignal,
  ): Promise<Standing | 'over-capacity'> {
    switch (outcome.action) {
      case 'ack': {
        return 'acked';
      }
      case 'over-capacity': {
        return 'over-capacity';
      }
      case 'retry': {
        const { error } = outcome;
        options.onFailure?.({ id, reason: 'the handler failed, or was too late', error, native });
        return 'open';
      }
      case 'reject': {
        const { reason } = outcome;
        options.onFailure?.({ id, reason, native });
        if (deadLetter === undefined) return 'rejected';
        return stored(deadLetter({ id, reason, data, native }, over), over);
      }
      default: {
        return outcome satisfies never;
      }
    }
  }

  return {
    all: (request) => memory.during(request, (remembered) => handOut(request, remembered)),
    close: (closeOptions) => receiver.close(closeOptions),
  };
}

/** Waits no longer than there is time. */
function stored(storing: Promise<void>, over: AbortSignal): Promise<Standing> {
  return new Promise((resolve) => {
    const fail = (): void => {
      resolve('open');
    };
    if (over.aborted) fail();
    else over.addEventListener('abort', fail, { once: true });
    storing.then(() => {
      resolve('acked');
    }, fail);
  });
}
