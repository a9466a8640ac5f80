import {
  IntermodalError,
  type Prepared,
  type Sender,
  type SendLimits,
  type SendOutcome,
} from '@intermodal/core/driver';
import type { Place } from './engine.ts';
import { mapError } from './map-error.ts';
import { type WireForm, writeMessage } from './message.ts';
import type { Settings } from './options.ts';
import type { PublishPacket } from './packet.ts';
import type { Entry, Publisher } from './publisher.ts';

export interface SenderSetup {
  readonly place: Place;
  readonly settings: Settings;
  readonly role: 'main' | 'dead-letter';
  readonly isOrdered: boolean;
}

// Calls at once; a PUBACK may take long, and others must not wait for the slowest of their batch.
const maxInFlight = 16;

/** One of several on a connection, whose life is its own. */
export function createSender(publisher: Publisher, setup: SenderSetup): Sender {
  const { place, settings, role } = setup;
  const { connection } = publisher;
  const { phrase } = place;
  let isClosed = false;
  const open = new Set<Entry>();
  const limits: SendLimits = {
    maxBatchCount: Math.max(1, Math.floor(settings.maxUnconfirmedMessages / maxInFlight)),
    maxBatchBytes: Math.max(1, Math.floor(settings.maxUnconfirmedBytes / maxInFlight)),
    maxInFlight,
    entries: 'independent',
    lingerMs: 0,
  };
  const form: WireForm = {
    protocol: settings.protocol,
    // The reason of a dead letter must stand somewhere.
    envelope: role === 'dead-letter' ? 'cloudevents' : settings.envelope,
    topic: place.topic,
    retain: role === 'main' && settings.retain,
    maxBytes: publisher.maxBytes,
    phrase,
  };
  let settle: (error: IntermodalError | undefined) => void;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });
  void connection.dead.then((error) => {
    settle(error);
  });

  function send(batch: readonly Prepared[], signal: AbortSignal): Promise<readonly SendOutcome[]> {
    if (isClosed || connection.over !== undefined) {
      const error = gone();
      return Promise.resolve(batch.map(() => ({ ok: false, certainty: 'rejected', error })));
    }
    return new Promise((resolve) => {
      const outcomes: SendOutcome[] = [];
      let left = batch.length;
      const entries = batch.map(({ payload }, index): Entry => {
        const entry: Entry = {
          packet: payload as PublishPacket,
          phrase,
          state: 'waiting',
          answer(outcome) {
            open.delete(entry);
            outcomes[index] = outcome;
            left -= 1;
            if (left > 0) return;
            signal.removeEventListener('abort', onAbort);
            resolve(outcomes);
          },
        };
        open.add(entry);
        return entry;
      });
      const onAbort = (): void => {
        const error = mapError(signal.reason, phrase);
        // What was written stays counted until the broker answers it.
        for (const entry of entries) publisher.giveUp(entry, error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      publisher.publish(entries);
    });
  }

  function gone(): IntermodalError {
    const about = { retryable: true, transport: 'mqtt', address: phrase };
    return new IntermodalError('unavailable', `${phrase}: the sender is closed`, about);
  }

  return {
    limits,
    dead,
    prepare(message) {
      const packet = writeMessage(message, form);
      return {
        bytes: packet.bytes.length,
        lane: setup.isOrdered ? message.key : undefined,
        payload: packet,
      };
    },
    send,
    close() {
      isClosed = true;
      const error = gone();
      for (const entry of [...open]) publisher.giveUp(entry, error);
      settle(undefined);
      return Promise.resolve();
    },
  };
}
