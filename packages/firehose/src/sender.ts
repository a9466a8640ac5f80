import {
  type FirehoseClient,
  PutRecordBatchCommand,
  type PutRecordBatchResponseEntry,
} from '@aws-sdk/client-firehose';
import {
  IntermodalError,
  type Prepared,
  type Sender,
  type SendOutcome,
} from '@intermodal/core/driver';
import type { Life } from './life.ts';
import { mapEntryError, mapError } from './map-error.ts';
import { type RecordForm, writeRecord } from './record.ts';
import type { StreamAt } from './streams.ts';

export interface SenderSettings {
  readonly client: FirehoseClient;
  readonly stream: StreamAt;
  readonly form: RecordForm;
  readonly life: Life;
  readonly maxInFlight: number;
}

/** @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
const maxBatchCount = 500;
const maxBatchBytes = 4_194_304;

export function createSender(settings: SenderSettings): Sender {
  const { client, form, life, maxInFlight } = settings;
  const { name, place } = settings.stream;
  const about = { transport: 'firehose', address: place };
  const sends = new Set<Promise<unknown>>();

  async function send(
    batch: readonly Prepared[],
    abortSignal: AbortSignal,
  ): Promise<readonly SendOutcome[]> {
    const Records = batch.map(({ payload }) => ({ Data: payload as Uint8Array }));
    try {
      const command = new PutRecordBatchCommand({ DeliveryStreamName: name, Records });
      const { RequestResponses = [] } = await client.send(command, { abortSignal });
      return batch.map((_, index) => outcomeOf(RequestResponses[index]));
    } catch (cause) {
      const failure = mapError(cause, place);
      life.report(failure.error);
      return batch.map(() => ({ ok: false, ...failure }));
    }
  }

  function outcomeOf(entry: PutRecordBatchResponseEntry | undefined): SendOutcome {
    const { RecordId, ErrorCode } = entry ?? {};
    if (RecordId !== undefined && RecordId !== '') return { ok: true, brokerId: RecordId };
    if (entry !== undefined && ErrorCode !== undefined)
      return { ok: false, ...mapEntryError(entry, place) };
    const text = `${place}: the service said nothing about a record`;
    return {
      ok: false,
      certainty: 'unknown',
      error: new IntermodalError('unknown', text, { ...about, retryable: true }),
    };
  }

  return {
    limits: {
      maxBatchCount,
      maxBatchBytes,
      maxInFlight,
      entries: 'independent',
      // Only while another request is under way: about a round trip.
      lingerMs: 20,
    },
    dead: life.dead,
    prepare(message) {
      const payload = writeRecord(message, form);
      return { bytes: payload.byteLength, lane: undefined, payload };
    },
    send(batch, signal) {
      if (life.over) {
        const error = new IntermodalError('closed', `${place}: this sender is closed`, about);
        return Promise.resolve(batch.map(() => ({ ok: false, certainty: 'rejected', error })));
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
