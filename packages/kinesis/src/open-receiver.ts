import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { Life } from '@intermodal/aws';
import { type Address, IntermodalError, type ReceiverOptions } from '@intermodal/core/driver';
import { begin } from './beginning.ts';
import { createSubscribe, findConsumer } from './fan-out.ts';
import { type Subscribe, subscribeToShard } from './fan-out-reader.ts';
import { type HashRange } from './hash-key.ts';
import { createLeaseStore } from './leases/table.ts';
import { kinOf, leaseFor, nextOf, outlived } from './lineage.ts';
import type { KinesisTransportOptions } from './options.ts';
import { createReads } from './reads.ts';
import { createReceiver, type OpenReceiver } from './receiver.ts';
import { pollShard } from './shard-reader.ts';
import type { StreamAt, Streams } from './streams.ts';

export interface OpeningSettings {
  readonly kinesis: KinesisClient;
  readonly leases: DynamoDBClient;
  readonly streams: Streams;
  readonly options: KinesisTransportOptions;
  readonly life: Life;
}

// Where an old row does not say it: nothing is discarded then.
const everything: HashRange = { first: '0'.repeat(32), last: 'f'.repeat(32) };

/** @throws `not-found` where there is no stream, or where nobody provisioned the group and it does not say where to begin */
export async function openReceiver(
  address: Address,
  receiverOptions: ReceiverOptions,
  { kinesis, leases, streams, options, life }: OpeningSettings,
  signal: AbortSignal,
): Promise<OpenReceiver> {
  const { clock } = receiverOptions;
  const stream = streams.find(address);
  const reads = createReads(kinesis, stream);
  const listed = await streams.shards(stream, signal);
  const store = createLeaseStore(leases, streams.application(address), clock);
  // Dead letters that came before anybody looked must be there for whoever does.
  const from = address.role === 'main' ? receiverOptions.from : 'earliest';
  if (from !== undefined) await store.make(options.provisioning?.tags ?? {}, signal);
  else if (!(await store.exists(signal))) throw unprovisioned(stream, address, store.place);
  const beginning = { table: store.table, reads, shards: listed, clock, place: stream.place };
  await begin(beginning, from, signal);

  const subscribe =
    options.reading === 'fan-out' && address.role === 'main' ? await subscription() : undefined;
  const { leasing = {} } = options;
  const form = {
    channel: address.channel,
    group: address.group ?? address.channel,
    role: address.role,
    envelope: address.role === 'main' ? (options.envelope ?? 'cloudevents') : 'cloudevents',
  } as const;
  const receiver = createReceiver(
    {
      address,
      place: stream.place,
      table: store.table,
      life,
      envelope: form.envelope,
      failoverMs: leasing.failoverMs ?? 10_000,
      handOverMs: leasing.handOverMs ?? 30_000,
      maxShards: leasing.maxShards ?? Infinity,
      read({ shardId, checkpoint, range = everything }, onNews) {
        const reading = {
          clock,
          form: { ...form, shardId, range },
          from: checkpoint,
          place: stream.place,
          onNews,
          onError: life.report,
        };
        if (subscribe !== undefined) return subscribeToShard({ ...reading, subscribe });
        const { pollMs = 1_000, maxRecordsPerRead: maxRecords = 10_000 } = options;
        return pollShard({ ...reading, reads, pollMs, maxRecords });
      },
      async children({ shardId, sinceMs }, until) {
        const kin = kinOf(await streams.shards(stream, until));
        const rows = await store.table.scan(until);
        for (const { shardId: old, counter } of outlived(kin, rows))
          await store.table.remove(old, counter, until);
        return nextOf(kin, rows, shardId).map((child) =>
          leaseFor(
            child,
            sinceMs === undefined ? { at: 'earliest' } : { at: 'time', sinceMs },
            sinceMs,
          ),
        );
      },
    },
    receiverOptions,
  );
  await receiver.start(signal);
  return receiver;

  async function subscription(): Promise<Subscribe> {
    const { StreamARN = '' } = await streams.describe(stream, signal);
    const name = streams.application(address);
    const arn = await findConsumer(kinesis, StreamARN, name, clock, signal);
    return createSubscribe(kinesis, arn);
  }
}

function unprovisioned({ place }: StreamAt, address: Address, table: string): IntermodalError {
  const { group = address.channel } = address;
  const text = `${place}: group '${group}' has no ${table}: provision it, or say where it begins with from`;
  return new IntermodalError('not-found', text, { transport: 'kinesis', address: place });
}
