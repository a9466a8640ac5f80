import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { Life } from '@intermodal/aws';
import {
  bodyBytes,
  IntermodalError,
  type Prepared,
  type Sender,
  type SendOutcome,
} from '@intermodal/core/driver';
import { positionsIn } from './position.ts';
import { maxRequestBytes, maxRequestRecords, type PutOutcome, putRecords } from './put-records.ts';
import { type RecordEntry, type RecordForm, writeRecord } from './record.ts';
import type { StreamAt } from './streams.ts';

export interface SenderSettings {
  readonly client: KinesisClient;
  readonly stream: StreamAt;
  readonly form: RecordForm;
  readonly life: Life;
  readonly maxInFlight: number;
}

/** Every message is a record of its own. */
export function createSender({ client, stream, form, life, maxInFlight }: SenderSettings): Sender {
  async function send(
    batch: readonly Prepared[],
    signal: AbortSignal,
  ): Promise<readonly SendOutcome[]> {
    const records = batch.map(({ payload }) => {
      const { data, partitionKey, hashKey } = payload as RecordEntry;
      const own = { Data: bodyBytes(data), PartitionKey: partitionKey };
      return hashKey === undefined ? own : { ...own, ExplicitHashKey: hashKey };
    });
    const outcomes = await putRecords(client, stream, records, life, signal);
    return outcomes.map((outcome) => answersOf(outcome)(0));
  }

  return {
    limits: {
      maxBatchCount: maxRequestRecords,
      // A stream may take records that are larger than a request needs to be; such a one travels alone.
      maxBatchBytes: Math.max(maxRequestBytes, form.maxRecordBytes),
      maxInFlight,
      entries: 'independent',
      // Only while another request is under way: about a round trip.
      lingerMs: 20,
    },
    dead: life.dead,
    prepare(message) {
      const entry = writeRecord(message, form);
      return { bytes: entry.dataBytes + entry.keyBytes, lane: message.key, payload: entry };
    },
    ...whileAlive(life, stream, send),
  };
}

/** `send` and `close` of a sender: what is under way ends before it does. */
export function whileAlive(
  life: Life,
  { place }: StreamAt,
  send: Sender['send'],
): Pick<Sender, 'send' | 'close'> {
  const sends = new Set<Promise<unknown>>();
  return {
    send(batch, signal) {
      if (life.over) {
        const error = new IntermodalError('closed', `${place}: this sender is closed`, {
          transport: 'kinesis',
          address: place,
        });
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

/** Answers to the messages of one record, each by where it stands in there. */
export function answersOf(outcome: PutOutcome): (sub: number) => SendOutcome {
  if (!outcome.ok) {
    const refused: SendOutcome = { ok: false, ...outcome.failure };
    return () => refused;
  }
  const { shardId, sequence } = outcome;
  const record = positionsIn(shardId, sequence);
  return (sub) => ({ ok: true, brokerId: sequence, position: `${record}${sub}` });
}
