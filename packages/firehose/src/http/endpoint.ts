import {
  type Channel,
  createPushReceiver,
  type PushOutcome,
  type StopReport,
  systemClock,
} from '@intermodal/core';
import {
  createHttpEndpoint,
  type EndpointAnswer,
  type EndpointHead,
  type EndpointRequest,
  type HttpEndpoint,
} from '@intermodal/core/driver';
import { readRecord, type ReadRecord } from '../read-record.ts';
import { createSlots, eachInSlots } from '../slots.ts';
import { createKeyCheck } from './access-key.ts';
import { answerWith } from './answer.ts';
import {
  checkEndpointOptions,
  defaultMaxBodyBytes,
  type FirehoseDelivery,
  type FirehoseEndpointOptions,
  type FirehoseRecordOrigin,
} from './options.ts';
import {
  accessKeyHeader,
  type FirehoseRequest,
  Misunderstanding,
  readRequest,
  requestIdHeader,
  versionHeader,
} from './request.ts';
import { createRequestMemory, type Remembered } from './request-memory.ts';

/** Both forms need the body as it came: mount them before any body parser. */
export interface FirehoseEndpoint extends HttpEndpoint, AsyncDisposable {
  /**
   * Takes nothing more and resolves when every handler has returned, or at the deadline: then signals abort and what is not
   * settled fails its request, which Firehose repeats. Calling it again gives the same promise.
   *
   * @defaultValue `deadlineMs` 30,000
   */
  close(options?: { readonly deadlineMs?: number }): Promise<StopReport>;
}

/** What one pass over a request came to. */
interface Tally {
  readonly records: number;
  rejected: number;
  overCapacity: number;
  open: number;
}

/**
 * What an HTTP endpoint destination of Firehose delivers to. A request is answered with success when each of its records is
 * acked; else Firehose repeats it, and those that were acked are not handed out again.
 *
 * @throws `invalid-argument`
 */
export function createFirehoseEndpoint<I, O, N extends 'none' | 'key'>(
  channel: Channel<I, O, N>,
  options: FirehoseEndpointOptions,
  handler: (delivery: FirehoseDelivery<O>) => Promise<void> | void,
): FirehoseEndpoint {
  checkEndpointOptions(options);
  const { concurrency = 16, maxRequests = 8, deadlineMs = 150_000, deadLetter } = options;
  const { clock = systemClock, maxBodyBytes = defaultMaxBodyBytes } = options;
  const form = {
    channel: channel.name,
    envelope: options.envelope ?? 'cloudevents',
    delimiter: options.delimiter ?? '\n',
  } as const;
  const isRightKey = createKeyCheck(options.accessKey);
  const memory = createRequestMemory(options.rememberedRequests ?? 1_000);
  const slots = createSlots(concurrency);
  const receiver = createPushReceiver(
    channel,
    {
      capacity: concurrency,
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
  /** Requests that somebody waits for, and those that are worked on: these go on when their sender has gone. */
  let held = 0;
  let working = 0;
  let closing: Promise<StopReport> | undefined;

  function refuse({ method, headers }: EndpointHead): EndpointAnswer | undefined {
    const no = (status: 400 | 401 | 405 | 503, why: string): EndpointAnswer =>
      answerWith(status, headers.get(requestIdHeader) ?? '', clock.now(), why);
    if (!isRightKey(headers.get(accessKeyHeader))) return no(401, 'the access key is not right');
    if (method !== 'POST') return no(405, 'Firehose delivers by POST');
    if ((headers.get(versionHeader) ?? '1.0') !== '1.0')
      return no(400, 'this endpoint speaks version 1.0 of the protocol');
    if (closing !== undefined) return no(503, 'the endpoint is being closed');
    const isFull = held > maxRequests || working >= maxRequests;
    return isFull ? no(503, 'too many requests at once') : undefined;
  }

  function unread(status: 400 | 408 | 413, { headers }: EndpointHead): EndpointAnswer {
    const id = headers.get(requestIdHeader) ?? '';
    if (status === 408) return answerWith(408, id, clock.now(), 'the body did not come in time');
    // Firehose would throw the records away for a 413.
    const why =
      status === 413 ? `the body has more than ${maxBodyBytes} bytes` : 'the body did not come';
    return answerWith(400, id, clock.now(), why);
  }

  async function answer(asked: EndpointRequest): Promise<EndpointAnswer> {
    const id = asked.headers.get(requestIdHeader) ?? '';
    working += 1;
    try {
      const request = await readRequest(asked, maxBodyBytes);
      const tally = await memory.during(request, (remembered) => handOut(request, remembered));
      return verdict(request.requestId, tally);
    } catch (error) {
      if (error instanceof Misunderstanding) return answerWith(400, id, clock.now(), error.message);
      return answerWith(500, id, clock.now(), 'the endpoint failed');
    } finally {
      working -= 1;
    }
  }

  function verdict(id: string, { records, rejected, overCapacity, open }: Tally): EndpointAnswer {
    const failed = rejected + overCapacity + open;
    if (failed === 0) return answerWith(200, id, clock.now());
    const why = `${failed} of ${records} records are not acked: ${rejected} were rejected, for ${overCapacity} there was no room`;
    return answerWith(failed === overCapacity ? 503 : 500, id, clock.now(), why);
  }

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
        const outcome = await receive(request, index, remembered.attempts, until, over.signal);
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
  ): Promise<'acked' | 'open' | 'rejected' | 'over-capacity'> {
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
    { message, data }: ReadRecord,
    native: FirehoseRecordOrigin,
    over: AbortSignal,
  ): Promise<'acked' | 'open' | 'rejected' | 'over-capacity'> {
    if (outcome.action === 'over-capacity') return 'over-capacity';
    if (outcome.action === 'ack') return 'acked';
    if (outcome.action === 'retry') return 'open';
    if (deadLetter === undefined) return 'rejected';
    const { reason } = outcome;
    const rejected = { id: message.id, reason, data, native };
    const stored = deadLetter(rejected, over).then(
      () => 'acked' as const,
      () => 'open' as const,
    );
    return Promise.race([stored, aborted(over)]);
  }

  const endpoint = createHttpEndpoint({
    maxBodyBytes,
    bodyTimeoutMs: options.bodyTimeoutMs ?? 25_000,
    refuse,
    unread,
    answer,
    clock,
  });

  function close(closeOptions?: { readonly deadlineMs?: number }): Promise<StopReport> {
    closing ??= receiver.close(closeOptions);
    return closing;
  }

  return {
    node(request, response) {
      held += 1;
      response.once('close', () => {
        held -= 1;
      });
      endpoint.node(request, response);
    },
    async fetch(request) {
      held += 1;
      try {
        return await endpoint.fetch(request);
      } finally {
        held -= 1;
      }
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

function aborted(signal: AbortSignal): Promise<'open'> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      resolve('open');
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
