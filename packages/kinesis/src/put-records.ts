import {
  type KinesisClient,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
  type PutRecordsResultEntry,
} from '@aws-sdk/client-kinesis';
import type { Life, MappedError } from '@intermodal/aws';
import { IntermodalError } from '@intermodal/core/driver';
import { mapEntryError, mapError } from './map-error.ts';
import type { StreamAt } from './streams.ts';

/** Of one request. The service takes 10 MiB now; 5 is what every emulator and proxy takes too, and costs nothing. */
export const maxRequestRecords = 500;
export const maxRequestBytes = 5_242_880;

export type PutOutcome =
  | { readonly ok: true; readonly shardId: string; readonly sequence: string }
  | { readonly ok: false; readonly failure: MappedError };

/** One PutRecords request: an outcome for each record, in order. Never rejects. */
export async function putRecords(
  client: KinesisClient,
  stream: StreamAt,
  records: readonly PutRecordsRequestEntry[],
  life: Life,
  abortSignal: AbortSignal,
): Promise<readonly PutOutcome[]> {
  try {
    const command = new PutRecordsCommand({ ...stream.target, Records: [...records] });
    const { Records = [] } = await client.send(command, { abortSignal });
    return records.map((_, index) => outcomeOf(Records[index], stream));
  } catch (cause) {
    const failure = mapError(cause, stream.place);
    life.report(failure.error);
    return records.map(() => ({ ok: false, failure }));
  }
}

function outcomeOf(entry: PutRecordsResultEntry | undefined, { place }: StreamAt): PutOutcome {
  const { ErrorCode, SequenceNumber, ShardId = '' } = entry ?? {};
  if (SequenceNumber !== undefined && SequenceNumber !== '')
    return { ok: true, shardId: ShardId, sequence: SequenceNumber };
  if (entry !== undefined && ErrorCode !== undefined)
    return { ok: false, failure: mapEntryError(entry, place) };
  const text = `${place}: the service said nothing about a record`;
  const error = new IntermodalError('unknown', text, { transport: 'kinesis', address: place });
  return { ok: false, failure: { error, certainty: 'unknown' } };
}
