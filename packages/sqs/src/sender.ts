import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import {
  IntermodalError,
  type Prepared,
  type Sender,
  type SendLimits,
  type SendOutcome,
  type WireMessage,
} from '@intermodal/core/driver';
import type { ErrorMapping, MappedError } from './aws-errors.ts';
import type { Life } from './life.ts';

/** A message in the service's own form. */
export interface Written<E> {
  readonly entry: E;
  /** As the service counts them. */
  readonly bytes: number;
  readonly lane: string | undefined;
}

/** What `SendMessageBatch` and `PublishBatch` answer alike. */
export interface BatchAnswer {
  readonly Successful?:
    | readonly { readonly Id?: string | undefined; readonly MessageId?: string | undefined }[]
    | undefined;
  readonly Failed?: readonly BatchResultErrorEntry[] | undefined;
}

/** One place that batches of ten are sent to. */
export interface SenderSettings<E> {
  readonly transport: string;
  /** For error messages. */
  readonly place: string;
  readonly maxBatchBytes: number;
  readonly life: Life;
  readonly errors: ErrorMapping;
  /** Pure. */
  readonly write: (message: WireMessage) => Written<E>;
  readonly request: (
    entries: (E & { readonly Id: string })[],
    signal: AbortSignal,
  ) => Promise<BatchAnswer>;
}

export function createSender<E extends object>(settings: SenderSettings<E>): Sender {
  const { transport, place, life, errors } = settings;
  const sends = new Set<Promise<unknown>>();
  const limits: SendLimits = {
    maxBatchCount: 10,
    maxBatchBytes: settings.maxBatchBytes,
    maxInFlight: 20,
    entries: 'independent',
    // Only while another batch is under way: about a round trip, or every batch beside a slow one goes out in part.
    lingerMs: 20,
  };

  async function send(
    batch: readonly Prepared[],
    signal: AbortSignal,
  ): Promise<readonly SendOutcome[]> {
    const entries = batch.map((prepared, index) => ({
      ...(prepared.payload as E),
      Id: String(index),
    }));
    try {
      return outcomes(batch.length, await settings.request(entries, signal));
    } catch (cause) {
      const failure = errors.mapError(cause, place);
      life.report(failure.error);
      return batch.map(() => failed(failure));
    }
  }

  function outcomes(count: number, answer: BatchAnswer): SendOutcome[] {
    const found: SendOutcome[] = [];
    for (const { Id, MessageId } of answer.Successful ?? []) {
      found[Number(Id)] =
        MessageId === undefined ? { ok: true } : { ok: true, brokerId: MessageId };
    }
    for (const entry of answer.Failed ?? [])
      found[Number(entry.Id)] = failed(errors.mapEntryError(entry, place));
    return Array.from({ length: count }, (_, index) => found[index] ?? unanswered());
  }

  function unanswered(): SendOutcome {
    const text = `${place}: the service said nothing about an entry`;
    const error = new IntermodalError('unknown', text, { transport, address: place });
    return { ok: false, certainty: 'unknown', error };
  }

  return {
    limits,
    dead: life.dead,
    prepare(message) {
      const { entry, bytes, lane } = settings.write(message);
      return { bytes, lane, payload: entry };
    },
    send(batch, signal) {
      if (life.over) {
        const text = `${place}: this sender is closed`;
        const error = new IntermodalError('closed', text, { transport, address: place });
        return Promise.resolve(batch.map(() => failed({ error, certainty: 'rejected' })));
      }
      const sending = send(batch, signal);
      sends.add(sending);
      void sending.finally(() => sends.delete(sending));
      return sending;
    },
    async close() {
      await Promise.all(sends);
      life.end();
    },
  };
}

function failed({ error, certainty }: MappedError): SendOutcome {
  return { ok: false, certainty, error };
}
