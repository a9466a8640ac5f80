import {
  type ErrorCode,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendLimits,
  type SendOutcome,
} from '@intermodal/core/driver';
import type { Delivery, EventContext, Sender as NativeSender } from 'rhea';
import type { Connection } from './connection.ts';
import { phraseOf, type Place } from './engine.ts';
import { type OpenLink, openSenderLink } from './link.ts';
import { mapError } from './map-error.ts';
import { type WireForm, writeMessage } from './message.ts';
import type { Settings } from './options.ts';
import { allowedOf } from './rhea-seam.ts';

export interface SenderSetup {
  readonly connection: Connection;
  readonly place: Place;
  readonly settings: Settings;
  readonly isOrdered: boolean;
}

/** A message on its way: waiting to be written, then for its outcome. */
interface Entry {
  readonly encoded: Buffer;
  state: 'waiting' | 'written' | 'answered';
  readonly answer: (outcome: SendOutcome) => void;
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
const refused: Refusal = {
  code: 'rejected',
  retryable: true,
  text: 'the broker refused the message: a queue is full, or not available for now',
};
const unsaid: Refusal = {
  code: 'unknown',
  retryable: true,
  text: 'the broker settled it without an outcome',
};
const gone: Refusal = { code: 'unavailable', retryable: true, text: 'the sender is closed' };

// Calls at once; an outcome may take long, and others must not wait for the slowest of their batch.
const maxInFlight = 16;
const closeWithinMs = 1_000;

export async function openSender(setup: SenderSetup, signal: AbortSignal): Promise<Sender> {
  const { connection, place } = setup;
  const options = {
    target: { address: place.link, durable: 2 as const },
    snd_settle_mode: 0 as const,
  };
  return createSender(
    await openSenderLink(connection, options, { name: phraseOf(place) }, signal),
    setup,
  );
}

function createSender({ link, life }: OpenLink<NativeSender>, setup: SenderSetup): Sender {
  const { place, settings } = setup;
  const { maxUnconfirmedMessages, maxUnconfirmedBytes } = settings;
  const name = phraseOf(place);
  const form: WireForm = {
    broker: settings.broker,
    place: name,
    maxMessageBytes: Math.min(settings.maxMessageBytes, numberOr(link.max_message_size, Infinity)),
  };
  let waiting: Entry[] = [];
  const unconfirmed = new Map<Delivery, Entry>();
  let unconfirmedBytes = 0;
  let sent = 0;
  const limits: SendLimits = {
    maxBatchCount: Math.max(1, Math.floor(maxUnconfirmedMessages / maxInFlight)),
    maxBatchBytes: Math.max(1, Math.floor(maxUnconfirmedBytes / maxInFlight)),
    maxInFlight,
    entries: 'independent',
    lingerMs: 0,
  };

  function hasRoomFor(encoded: Buffer): boolean {
    if (unconfirmed.size >= maxUnconfirmedMessages || sent >= allowedOf(link) || !link.sendable())
      return false;
    return unconfirmed.size === 0 || unconfirmedBytes + encoded.length <= maxUnconfirmedBytes;
  }

  /** Writes what may be written: no more than the broker gave credit for, and than may be unconfirmed. */
  function pump(): void {
    let next = 0;
    while (next < waiting.length && !life.over) {
      const entry = waiting[next] as Entry;
      if (entry.state === 'waiting') {
        if (!hasRoomFor(entry.encoded)) break;
        write(entry);
      }
      next += 1;
    }
    if (next > 0) waiting = next === waiting.length ? [] : waiting.slice(next);
  }

  function write(entry: Entry): void {
    const delivery = link.send(entry.encoded, undefined, 0);
    sent += 1;
    entry.state = 'written';
    unconfirmed.set(delivery, entry);
    unconfirmedBytes += entry.encoded.length;
  }

  link.on('settled', ({ delivery }: EventContext) => {
    const entry = delivery === undefined ? undefined : unconfirmed.get(delivery);
    if (delivery === undefined || entry === undefined) return;
    unconfirmed.delete(delivery);
    unconfirmedBytes -= entry.encoded.length;
    answer(entry, outcomeOf(delivery));
    if (waiting.length > 0) pump();
  });
  link.on('sendable', pump);

  function outcomeOf({ remote_state: state }: Delivery): SendOutcome {
    const outcome = outcomeName(state);
    if (outcome === 'accepted') return { ok: true };
    if (outcome === 'released')
      return { ok: false, certainty: 'rejected', error: errorOf(unroutable) };
    if (outcome !== 'rejected' && outcome !== 'modified')
      return { ok: false, certainty: 'unknown', error: errorOf(unsaid) };
    // Of several queues behind an exchange the others may have taken it.
    const certainty = place.kind === 'queue' ? 'rejected' : 'unknown';
    const { error } = state as { readonly error?: unknown };
    return { ok: false, certainty, error: refusalOf(error) };
  }

  /** With the broker's own reason where it gives one. */
  function refusalOf(reason: unknown): IntermodalError {
    if (typeof reason !== 'object' || reason === null) return errorOf(refused);
    const mapped = mapError(reason, { name });
    // Words such as a limit that is reached are about this message here, not about the connection.
    return mapped.retryable ? errorOf(refused, reason) : mapped;
  }

  function errorOf({ code, retryable, text }: Refusal, cause?: unknown): IntermodalError {
    const about = { retryable, transport: 'amqp1', address: name, cause };
    return new IntermodalError(code, `${name}: ${text}`, about);
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
    if (life.over) {
      const error = errorOf(gone);
      return Promise.resolve(batch.map(() => ({ ok: false, certainty: 'rejected', error })));
    }
    return new Promise((resolve) => {
      const outcomes: SendOutcome[] = [];
      let left = batch.length;
      const entries = batch.map(({ payload }, index): Entry => ({
        encoded: payload as Buffer,
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

  // Rhea says nothing about what was under way when a connection dies.
  void life.dead.then((error) => {
    const reason = error ?? errorOf(gone);
    const left = [...unconfirmed.values(), ...waiting];
    unconfirmed.clear();
    waiting = [];
    for (const entry of left) giveUp(entry, reason);
  });

  return {
    limits,
    dead: life.dead,
    prepare(message) {
      const encoded = writeMessage(message, form);
      return {
        bytes: encoded.length,
        lane: setup.isOrdered ? message.key : undefined,
        payload: encoded,
      };
    },
    send,
    async close() {
      await life.close(AbortSignal.timeout(closeWithinMs));
    },
  };
}

function outcomeName(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { composite_type: name } = state.constructor as { readonly composite_type?: unknown };
  return typeof name === 'string' ? name : undefined;
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && value > 0 ? value : fallback;
}
