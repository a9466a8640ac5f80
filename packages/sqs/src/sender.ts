import {
  SendMessageBatchCommand,
  type SendMessageBatchCommandOutput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import {
  IntermodalError,
  type Prepared,
  type Sender,
  type SendLimits,
  type SendOutcome,
} from '@intermodal/core/driver';
import type { Life } from './life.ts';
import { mapEntryError, mapError, type MappedError } from './map-error.ts';
import { type Entry, type WireForm, writeEntry } from './message.ts';
import { serviceMaxBytes } from './options.ts';
import type { QueueAt } from './queues.ts';

// What every service and emulator takes as a batch, whatever its queues are set to.
const leastBatchBytes = 262_144;

export function createSender(
  client: SQSClient,
  queue: QueueAt,
  form: WireForm,
  life: Life,
): Sender {
  const sends = new Set<Promise<unknown>>();
  const limits: SendLimits = {
    maxBatchCount: 10,
    maxBatchBytes: Math.max(leastBatchBytes, Math.min(serviceMaxBytes, form.maxMessageBytes)),
    maxInFlight: 20,
    entries: 'independent',
    // Only while another batch is under way: about a round trip, or every batch beside a slow one goes out in part.
    lingerMs: 20,
  };

  async function send(
    batch: readonly Prepared[],
    signal: AbortSignal,
  ): Promise<readonly SendOutcome[]> {
    const Entries = batch.map((prepared, index) => ({
      ...(prepared.payload as Entry),
      Id: String(index),
    }));
    try {
      const output = await client.send(
        new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }),
        { abortSignal: signal },
      );
      return outcomes(batch.length, output);
    } catch (cause) {
      const failure = mapError(cause, queue.place);
      life.report(failure.error);
      return batch.map(() => failed(failure));
    }
  }

  function outcomes(count: number, output: SendMessageBatchCommandOutput): SendOutcome[] {
    const found: SendOutcome[] = [];
    for (const { Id, MessageId } of output.Successful ?? []) {
      found[Number(Id)] =
        MessageId === undefined ? { ok: true } : { ok: true, brokerId: MessageId };
    }
    for (const entry of output.Failed ?? [])
      found[Number(entry.Id)] = failed(mapEntryError(entry, queue.place));
    return Array.from({ length: count }, (_, index) => found[index] ?? unanswered());
  }

  function unanswered(): SendOutcome {
    const error = new IntermodalError(
      'unknown',
      `${queue.place}: the service said nothing about an entry`,
      { transport: 'sqs', address: queue.place },
    );
    return { ok: false, certainty: 'unknown', error };
  }

  return {
    limits,
    dead: life.dead,
    prepare(message) {
      const { entry, bytes, lane } = writeEntry(message, form);
      return { bytes, lane, payload: entry };
    },
    send(batch, signal) {
      if (life.over) {
        const error = new IntermodalError('closed', `${queue.place}: this sender is closed`, {
          transport: 'sqs',
          address: queue.place,
        });
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
