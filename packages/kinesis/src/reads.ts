import {
  GetRecordsCommand,
  type GetRecordsOutput,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  type KinesisClient,
} from '@aws-sdk/client-kinesis';
import type { Checkpoint } from './leases/lease.ts';
import { type RecordSource, takeRecords } from './record-source.ts';
import type { StreamAt } from './streams.ts';

/** A place of a shard to read from. */
export type ReadFrom = Checkpoint | { readonly at: 'after'; readonly sequence: string };

/** What the service answered, and when by its own clock, in milliseconds since the epoch. */
export interface Page extends Omit<GetRecordsOutput, 'Records'> {
  readonly Records?: readonly RecordSource[] | undefined;
  readonly at: number | undefined;
}

/** Reads of one stream; failures are those of the SDK. */
export interface Reads {
  iterator(shardId: string, from: ReadFrom, signal: AbortSignal): Promise<string>;
  page(iterator: string, limit: number, signal: AbortSignal): Promise<Page>;
}

export function createReads(client: KinesisClient, { target }: StreamAt): Reads {
  return {
    async iterator(ShardId, from, abortSignal) {
      const input = { ...target, ShardId, ...startOf(from) };
      const command = new GetShardIteratorCommand(input);
      const { ShardIterator } = await client.send(command, { abortSignal });
      return ShardIterator ?? '';
    },
    async page(ShardIterator, Limit, abortSignal) {
      const arn = 'StreamARN' in target ? target : {};
      const command = new GetRecordsCommand({ ...arn, ShardIterator, Limit });
      let at: number | undefined;
      let records: readonly RecordSource[] | undefined;
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          at = dateOf(result.response);
          records = await takeRecords(result.response);
          return result;
        },
        // Nearest to the connection, before the SDK reads the answer.
        { step: 'deserialize', priority: 'low' },
      );
      const output = await client.send(command, { abortSignal });
      return { ...output, Records: records ?? output.Records, at };
    },
  };
}

type Start = Pick<
  GetShardIteratorInput,
  'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'
>;

function startOf(from: ReadFrom): Start {
  if (from.at === 'earliest') return { ShardIteratorType: 'TRIM_HORIZON' };
  if (from.at === 'time')
    return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(from.sinceMs) };
  if (from.at === 'latest' || from.at === 'end') return { ShardIteratorType: 'LATEST' };
  // Not after a checkpointed record: of an aggregated one a part may be left to do.
  const ShardIteratorType = from.at === 'record' ? 'AT_SEQUENCE_NUMBER' : 'AFTER_SEQUENCE_NUMBER';
  return { ShardIteratorType, StartingSequenceNumber: from.sequence };
}

function dateOf(response: unknown): number | undefined {
  const { headers } = (response ?? {}) as { readonly headers?: Readonly<Record<string, string>> };
  const at = Date.parse(headers?.['date'] ?? '');
  return Number.isNaN(at) ? undefined : at;
}
