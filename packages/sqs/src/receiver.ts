import { randomUUID } from 'node:crypto';
import {
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs';
import type { Life } from '@intermodal/aws';
import type {
  IntermodalError,
  Receiver,
  ReceiverOptions,
  WireDelivery,
} from '@intermodal/core/driver';
import type { Clients } from './clients.ts';
import { mapError } from './map-error.ts';
import { maxLeaseSeconds } from './options.ts';
import type { QueueAt } from './queues.ts';
import { readMessage, type ReadForm } from './read-message.ts';
import { createSettling, type Receipt } from './settlement.ts';

export interface ReceiverSettings {
  readonly clients: Clients;
  readonly queue: QueueAt;
  readonly life: Life;
  readonly form: ReadForm;
  readonly fifo: boolean;
  readonly leaseMs: number;
  readonly waitSeconds: number;
  readonly maxConcurrentReceives: number;
}

/** One ReceiveMessage under way. It is never aborted, since an aborted long poll can still take messages. */
interface Poll {
  readonly max: number;
  /** Nobody waits any more: what it brings is given back. */
  taker: Taker | undefined;
  answered: boolean;
}

interface Taker {
  readonly resolve: (deliveries: readonly WireDelivery[]) => void;
  readonly reject: (error: IntermodalError) => void;
}

/** The same id within five minutes brings what a lost answer held, instead of leaving its groups blocked. */
interface Attempt {
  readonly id: string;
  readonly max: number;
  readonly startedAt: number;
}

const maxPerReceive = 10;
// Less than the five minutes of the service, which count from an earlier moment than ours.
const attemptMs = 240_000;
const giveBackTries = 3;
// An empty answer that came at once must not become a busy loop, which is billed by the request.
const leastPollMs = 500;

const systemAttributes: ReceiveMessageCommandInput['MessageSystemAttributeNames'] = [
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'SentTimestamp',
  'MessageGroupId',
  'SequenceNumber',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
];

export function createReceiver(settings: ReceiverSettings, options: ReceiverOptions): Receiver {
  const { clients, queue, life, fifo } = settings;
  const { clock } = options;
  const owner = {};
  // A lease counts from before the request, so it must outlast the wait for the first message twice.
  const leaseSeconds = Math.min(
    maxLeaseSeconds,
    Math.max(2, Math.ceil((options.leaseMs ?? settings.leaseMs) / 1_000)),
  );
  const waitSeconds = Math.min(settings.waitSeconds, Math.floor(leaseSeconds / 2));
  const settling = createSettling({
    client: clients.main,
    queue,
    owner,
    clock,
    life,
    leaseSeconds,
  });
  const polls = new Map<Poll, Promise<void>>();
  let unanswered: Attempt[] = [];
  let closing = false;
  let abandoned = 0;

  function start(max: number): Poll {
    const poll: Poll = { max, taker: undefined, answered: false };
    const finished = request(max)
      .then(
        (deliveries) => hand(poll, deliveries),
        (error: IntermodalError) => poll.taker?.reject(error),
      )
      .finally(() => polls.delete(poll));
    polls.set(poll, finished);
    return poll;
  }

  async function request(max: number): Promise<readonly WireDelivery[]> {
    const attempt = fifo ? attemptFor(max) : undefined;
    const sentAt = clock.now();
    try {
      const output = await clients.receive.send(new ReceiveMessageCommand(input(max, attempt)));
      const deliveries = (output.Messages ?? []).map((message) => deliveryOf(message, sentAt));
      if (deliveries.length === 0) await pause(sentAt + leastPollMs - clock.now());
      return deliveries;
    } catch (cause) {
      const { error, certainty } = mapError(cause, queue.place);
      if (attempt !== undefined && certainty === 'unknown') unanswered.push(attempt);
      life.report(error);
      throw error;
    }
  }

  function pause(ms: number): Promise<void> | undefined {
    return ms > 0 ? new Promise((resolve) => void clock.setTimer(resolve, ms)) : undefined;
  }

  function attemptFor(max: number): Attempt {
    const now = clock.now();
    unanswered = unanswered.filter((attempt) => now - attempt.startedAt < attemptMs);
    const again = unanswered.find((attempt) => attempt.max <= max);
    if (again === undefined) return { id: randomUUID(), max, startedAt: now };
    unanswered = unanswered.filter((attempt) => attempt !== again);
    return again;
  }

  function input(max: number, attempt: Attempt | undefined): ReceiveMessageCommandInput {
    return {
      QueueUrl: queue.url,
      MaxNumberOfMessages: attempt?.max ?? max,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: leaseSeconds,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: systemAttributes,
      ...(attempt === undefined ? {} : { ReceiveRequestAttemptId: attempt.id }),
    };
  }

  function deliveryOf(native: Message, sentAt: number): WireDelivery {
    const { message, undecodable, group, attempt } = readMessage(native, settings.form);
    const receipt: Receipt = {
      owner,
      handle: native.ReceiptHandle ?? '',
      endsAt: sentAt + maxLeaseSeconds * 1_000,
    };
    return {
      token: { value: receipt },
      message,
      lane: fifo ? group : undefined,
      attempt,
      redelivered: attempt === undefined ? undefined : attempt > 1,
      leaseUntil: sentAt + leaseSeconds * 1_000,
      position: undefined,
      ...(undecodable === undefined ? {} : { undecodable }),
      native,
    };
  }

  async function hand(poll: Poll, deliveries: readonly WireDelivery[]): Promise<void> {
    const { taker } = poll;
    poll.answered = true;
    if (taker !== undefined) {
      poll.taker = undefined;
      taker.resolve(deliveries);
      return;
    }
    if (deliveries.length > 0) abandoned += await giveBack(deliveries);
  }

  /** Resolves with how many could not be. */
  async function giveBack(deliveries: readonly WireDelivery[]): Promise<number> {
    let left = deliveries;
    for (let tries = 0; tries < giveBackTries && left.length > 0; tries += 1) {
      await pause(100 * tries);
      const releases = left.map(({ token }) => ({ token, action: 'release' }) as const);
      const outcomes = await settling.settle(releases, new AbortController().signal);
      left = left.filter((_, index) => typeof outcomes[index] === 'object');
    }
    return left.length;
  }

  /** One that a stopped `receive` left behind, if it brings no more than is wanted. */
  function orphan(max: number): Poll | undefined {
    for (const poll of polls.keys()) {
      if (poll.taker === undefined && !poll.answered && poll.max <= max) return poll;
    }
    return undefined;
  }

  function receive(wanted: number, stop: AbortSignal): Promise<readonly WireDelivery[]> {
    if (closing || life.over || stop.aborted) return Promise.resolve([]);
    const max = Math.max(1, Math.min(wanted, maxPerReceive));
    return new Promise((resolve, reject) => {
      const poll = orphan(max) ?? start(max);
      const onStop = (): void => {
        if (poll.taker === taker) poll.taker = undefined;
        resolve([]);
      };
      const taker: Taker = {
        resolve(deliveries) {
          stop.removeEventListener('abort', onStop);
          resolve(deliveries);
        },
        reject(error) {
          stop.removeEventListener('abort', onStop);
          reject(error);
        },
      };
      poll.taker = taker;
      stop.addEventListener('abort', onStop, { once: true });
    });
  }

  return {
    limits: {
      maxPerReceive,
      maxConcurrentReceives: settings.maxConcurrentReceives,
      maxWaitMs: waitSeconds * 1_000,
      maxPerSettle: 10,
      settleLingerMs: 5,
    },
    dead: life.dead,
    receive,
    // Tokens die with their receiver, although the service would still honour their handles.
    settle: (batch, signal) =>
      life.over ? Promise.resolve(batch.map(() => 'lost')) : settling.settle(batch, signal),
    extend: (tokens, leaseMs, signal) =>
      life.over
        ? Promise.resolve(tokens.map(() => 'lost'))
        : settling.extend(tokens, leaseMs, signal),
    async close(signal) {
      closing = true;
      for (const poll of polls.keys()) {
        poll.taker?.resolve([]);
        poll.taker = undefined;
      }
      await settledOrAborted([...polls.values()], signal);
      life.end();
      // A poll that is still open has brought nothing yet. It goes on, and gives back what it brings.
      return { abandoned };
    },
  };
}

async function settledOrAborted(
  work: readonly Promise<void>[],
  signal: AbortSignal,
): Promise<void> {
  if (work.length === 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
    void Promise.all(work).then(end);
  });
}
