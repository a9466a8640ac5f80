import {
  type Clock,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendLimits,
  type SendOutcome,
  systemClock,
} from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import { phraseOf, type Place } from './engine.ts';
import { mapError } from './map-error.ts';
import { type EncodedMessage, sendFrame, type WireForm, writeMessage } from './message.ts';
import type { Settings } from './options.ts';

export interface SenderSetup {
  readonly connection: Connection;
  readonly place: Place;
  readonly settings: Settings;
  readonly isOrdered: boolean;
  readonly clock?: Clock;
}

/** A message on its way: waiting to be written, then for its receipt. */
interface Entry {
  readonly message: EncodedMessage;
  state: 'waiting' | 'written' | 'answered';
  readonly answer: (outcome: SendOutcome) => void;
}

// Calls at once; a receipt may take long, and others must not wait for the slowest of their batch.
const maxInFlight = 16;
const stored: SendOutcome = { ok: true };

export function wireFormOf(settings: Settings, place: Place): WireForm {
  const { broker, maxMessageBytes, webSocket } = settings;
  const isTextOnly = broker === 'activemq' && webSocket !== undefined;
  return { broker, place, isTextOnly, maxMessageBytes };
}

export function createSender(setup: SenderSetup): Sender {
  const { connection, place, settings, isOrdered, clock = systemClock } = setup;
  const { maxUnconfirmedMessages, maxUnconfirmedBytes } = settings;
  const name = phraseOf(place);
  const form = wireFormOf(settings, place);
  let waiting: Entry[] = [];
  let unconfirmed = 0;
  let unconfirmedBytes = 0;
  let confirmed = 0;
  const limits: SendLimits = {
    maxBatchCount: Math.max(1, Math.floor(maxUnconfirmedMessages / maxInFlight)),
    maxBatchBytes: Math.max(1, Math.floor(maxUnconfirmedBytes / maxInFlight)),
    maxInFlight,
    entries: 'independent',
    lingerMs: 0,
  };

  function hasRoomFor({ bytes }: EncodedMessage): boolean {
    if (unconfirmed === 0) return true;
    if (unconfirmed >= maxUnconfirmedMessages) return false;
    return unconfirmedBytes + bytes <= maxUnconfirmedBytes;
  }

  function pump(): void {
    let next = 0;
    while (next < waiting.length && connection.over === undefined) {
      const entry = waiting[next] as Entry;
      if (entry.state === 'waiting') {
        if (!hasRoomFor(entry.message)) break;
        write(entry);
      }
      next += 1;
    }
    if (next > 0) waiting = next === waiting.length ? [] : waiting.slice(next);
  }

  function write(entry: Entry): void {
    entry.state = 'written';
    unconfirmed += 1;
    unconfirmedBytes += entry.message.bytes;
    const receipt = connection.receipt((error, isAnswered) => {
      unconfirmed -= 1;
      unconfirmedBytes -= entry.message.bytes;
      if (error === undefined) {
        confirmed += 1;
        answer(entry, stored);
      } else answer(entry, { ok: false, certainty: certaintyOf(error, isAnswered), error });
      if (waiting.length > 0) pump();
    });
    connection.write(...sendFrame(entry.message, receipt));
  }

  /** RabbitMQ names no frame in an error: where nothing was ever stored, nothing of that can have been. */
  function certaintyOf(error: IntermodalError, isAnswered: boolean): 'rejected' | 'unknown' {
    const { code } = error;
    if (isAnswered) return code === 'unknown' ? 'unknown' : 'rejected';
    const isRefused = code === 'not-found' || code === 'permission-denied';
    return isRefused && confirmed === 0 ? 'rejected' : 'unknown';
  }

  function answer(entry: Entry, outcome: SendOutcome): void {
    if (entry.state === 'answered') return;
    entry.state = 'answered';
    entry.answer(outcome);
  }

  /** What was never written has certainly not arrived. */
  function giveUp(entry: Entry, error: IntermodalError): void {
    const certainty = entry.state === 'written' ? 'unknown' : 'rejected';
    answer(entry, { ok: false, certainty, error });
  }

  function send(batch: readonly Prepared[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    if (connection.over !== undefined) {
      const error = goneError();
      return Promise.resolve(batch.map(() => ({ ok: false, certainty: 'rejected', error })));
    }
    return new Promise((resolve) => {
      const outcomes: SendOutcome[] = [];
      let left = batch.length;
      const entries = batch.map(({ payload }, index): Entry => ({
        message: payload as EncodedMessage,
        state: 'waiting',
        answer(outcome) {
          outcomes[index] = outcome;
          left -= 1;
          if (left > 0) return;
          signal.removeEventListener('abort', onAbort);
          resolve(outcomes);
        },
      }));
      const onAbort = (): void => {
        const error = mapError(signal.reason, { name });
        // What was written stays counted until the broker answers it.
        for (const entry of entries) giveUp(entry, error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(...entries);
      pump();
    });
  }

  function goneError(): IntermodalError {
    const about = { retryable: true, transport: 'stomp', address: name };
    return new IntermodalError('unavailable', `${name}: the sender is closed`, about);
  }

  void connection.dead.then((error) => {
    const left = waiting;
    waiting = [];
    for (const entry of left) giveUp(entry, error ?? goneError());
  });

  return {
    limits,
    dead: connection.dead,
    prepare(message) {
      const encoded = writeMessage(message, form, clock.now());
      const lane = isOrdered ? message.key : undefined;
      return { bytes: encoded.bytes, lane, payload: encoded };
    },
    send,
    async close() {
      await connection.close(new AbortController().signal);
    },
  };
}
