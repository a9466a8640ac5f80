import {
  type ErrorCode,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendLimits,
  type SendOutcome,
} from '@intermodal/core/driver';
import type { ConfirmChannel } from 'amqplib';
import { watchChannel } from './channel-life.ts';
import { publisherTo } from './channel-seam.ts';
import type { Connection } from './connection.ts';
import { createDelays } from './delays.ts';
import { mapError } from './map-error.ts';
import { type WireForm, type Written, writeMessage } from './message.ts';
import type { Target } from './names.ts';
import type { Settings } from './options.ts';
import { createReturns } from './returns.ts';
import { placeOf } from './topology.ts';

export interface SenderSetup {
  readonly connection: Connection;
  readonly target: Target;
  readonly settings: Settings;
  /** Opening again declares what is missing. */
  readonly isMendable: boolean;
  /** A connection was lost before. */
  readonly isAfterLoss: boolean;
}

/** A call of `send`. */
interface Call {
  readonly entries: Entry[];
  readonly outcomes: SendOutcome[];
  left: number;
  readonly end: () => void;
}

/** A message on its way: waiting to be written, then for its confirm. */
interface Entry {
  readonly call: Call;
  readonly index: number;
  readonly written: Written;
  state: 'waiting' | 'written' | 'answered';
}

interface Refusal {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly text: string;
}

const unroutable: Refusal = {
  code: 'not-found',
  retryable: false,
  text: 'no queue is bound there: provision a group',
};
// A broker that crashed may have forgotten a binding that was new; a consumer that opens again declares it.
const settlingMs = 5_000;
const notYet: Refusal = {
  code: 'not-found',
  retryable: true,
  text: 'no queue is bound there, or not yet: the broker may have been restarted',
};
const refused: Refusal = {
  code: 'rejected',
  retryable: true,
  text: 'a queue refused the message: it is full, or not available for now',
};
const gone: Refusal = { code: 'unavailable', retryable: true, text: 'the sender is closed' };

const stored: SendOutcome = { ok: true };

// Calls at once; a confirm may take long, and others must not wait for the slowest of their batch.
const maxInFlight = 64;

export async function openSender(setup: SenderSetup): Promise<Sender> {
  const { connection, target } = setup;
  const place = { name: placeOf(target), isMendable: setup.isMendable };
  try {
    return createSender(await connection.model.createConfirmChannel(), setup);
  } catch (cause) {
    throw mapError(connection.over ?? cause, place);
  }
}

function createSender(channel: ConfirmChannel, setup: SenderSetup): Sender {
  const { connection, target, settings } = setup;
  const { maxUnconfirmedMessages, maxUnconfirmedBytes } = settings;
  const place = { name: placeOf(target), isMendable: setup.isMendable };
  const life = watchChannel(connection, channel, place);
  const delays = createDelays(connection, target, settings);
  const returns = createReturns(channel);
  const form: WireForm = { ...settings, place: place.name };
  const [exchange, routingKey] = target.kind === 'exchange' ? [target.name, ''] : ['', target.name];
  const { run: publish } = publisherTo(channel, exchange, routingKey);
  const publishDelayed = (levelMs: number) => publisherTo(channel, '', delays.queueOf(levelMs)).run;
  const openedAt = Date.now();
  let waiting: Entry[] = [];
  /** Those with an entry that is not answered: few, where a record of every message would cost as much as its publish. */
  const calls = new Set<Call>();
  let unconfirmed = 0;
  let unconfirmedBytes = 0;
  const limits: SendLimits = {
    maxBatchCount: Math.max(1, Math.floor(maxUnconfirmedMessages / maxInFlight)),
    maxBatchBytes: Math.max(1, Math.floor(maxUnconfirmedBytes / maxInFlight)),
    maxInFlight,
    entries: 'independent',
    lingerMs: 0,
  };

  function hasRoomFor({ bytes }: Written): boolean {
    if (unconfirmed >= maxUnconfirmedMessages) return false;
    return unconfirmed === 0 || unconfirmedBytes + bytes <= maxUnconfirmedBytes;
  }

  /** Writes what may be written: not to a blocked broker, and no more than may be unconfirmed. */
  function pump(): void {
    let next = 0;
    while (next < waiting.length && !life.over) {
      const entry = waiting[next] as Entry;
      if (entry.state === 'waiting') {
        if (connection.blocked || !hasRoomFor(entry.written)) break;
        write(entry);
      }
      next += 1;
    }
    if (next > 0) waiting = next === waiting.length ? [] : waiting.slice(next);
  }

  function write(entry: Entry): void {
    const { content, properties, bytes, delayLevelMs } = entry.written;
    const through = delayLevelMs === undefined ? publish : publishDelayed(delayLevelMs);
    try {
      through(content, properties, (nack) => {
        // What a dying channel says is no answer: the death has one.
        if (life.over) return;
        unconfirmed -= 1;
        unconfirmedBytes -= bytes;
        answer(entry, outcomeOf(nack, returns.take(properties)));
        if (waiting.length > 0) pump();
      });
    } catch (cause) {
      answer(entry, { ok: false, certainty: 'rejected', error: mapError(cause, place) });
      return;
    }
    entry.state = 'written';
    unconfirmed += 1;
    unconfirmedBytes += bytes;
  }

  function outcomeOf(nack: unknown, isReturned: boolean): SendOutcome {
    if (isReturned) {
      const isSettling = setup.isAfterLoss && Date.now() - openedAt < settlingMs;
      const error = errorOf(isSettling ? notYet : unroutable);
      return { ok: false, certainty: 'rejected', error };
    }
    if (nack === null || nack === undefined) return stored;
    // Of several queues behind an exchange the others may have taken it.
    const certainty = target.kind === 'queue' ? 'rejected' : 'unknown';
    return { ok: false, certainty, error: errorOf(refused) };
  }

  function errorOf({ code, retryable, text }: Refusal): IntermodalError {
    const about = { retryable, transport: 'amqp', address: place.name };
    return new IntermodalError(code, `${place.name}: ${text}`, about);
  }

  function answer(entry: Entry, outcome: SendOutcome): void {
    if (entry.state === 'answered') return;
    entry.state = 'answered';
    const { call } = entry;
    call.outcomes[entry.index] = outcome;
    call.left -= 1;
    if (call.left === 0) call.end();
  }

  /** What was never written has certainly not arrived. */
  function giveUp(entry: Entry, error: IntermodalError): void {
    const certainty = entry.state === 'written' ? 'unknown' : 'rejected';
    answer(entry, { ok: false, certainty, error });
  }

  function giveUpAll({ entries }: Call, error: IntermodalError): void {
    for (const entry of entries) giveUp(entry, error);
  }

  function put(entry: Entry): void {
    const { delayLevelMs } = entry.written;
    if (delayLevelMs === undefined) {
      waiting.push(entry);
      return;
    }
    delays.ensure(delayLevelMs).then(
      () => {
        if (life.over) giveUp(entry, errorOf(gone));
        else waiting.push(entry);
        pump();
      },
      (cause: unknown) => {
        giveUp(entry, mapError(cause, place));
      },
    );
  }

  function send(batch: readonly Prepared[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    if (life.over) {
      const error = errorOf(gone);
      return Promise.resolve(batch.map(() => ({ ok: false, certainty: 'rejected', error })));
    }
    return new Promise((resolve) => {
      const outcomes: SendOutcome[] = [];
      const onAbort = (): void => {
        // What was written stays counted until the broker answers it: it may still be in the socket's buffer.
        giveUpAll(call, mapError(signal.reason, place));
      };
      const call: Call = {
        entries: [],
        outcomes,
        left: batch.length,
        end() {
          calls.delete(call);
          signal.removeEventListener('abort', onAbort);
          resolve(outcomes);
        },
      };
      calls.add(call);
      signal.addEventListener('abort', onAbort, { once: true });
      for (const { payload } of batch) {
        const { entries } = call;
        const written = payload as Written;
        entries.push({ call, index: entries.length, written, state: 'waiting' });
      }
      for (const entry of call.entries) put(entry);
      pump();
    });
  }

  const unlisten = connection.onBlocked(pump);
  void life.dead.then((error) => {
    unlisten();
    const reason = error ?? errorOf(gone);
    waiting = [];
    for (const call of calls) giveUpAll(call, reason);
  });

  return {
    limits,
    dead: life.dead,
    prepare(message) {
      const written = writeMessage(message, form);
      return {
        bytes: written.bytes,
        lane: settings.singleActiveConsumer ? message.key : undefined,
        payload: written,
      };
    },
    send,
    async close() {
      await life.close(AbortSignal.timeout(closeWithinMs));
    },
  };
}

// A broker that blocks publishing answers nothing on this connection, a close included.
const closeWithinMs = 1_000;
