import {
  DescribeStreamSummaryCommand,
  MergeShardsCommand,
  PutRecordCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { channel, createClient, json } from '@intermodal/core';
import { failCall, startAwsProxy } from '@intermodal/brokers/faults';
import { expect, onTestFinished, test } from 'vitest';
import { encodeAggregate } from '../src/kpl-format.ts';
import { kinesisTransport, type KinesisTransportOptions } from '../src/index.ts';
import { emulated, newStream, rawClient } from './opened.ts';

const orders = channel<{ readonly n: number }>('orders', { codec: json<{ readonly n: number }>() });
const raw = rawClient();
const quick: KinesisTransportOptions = { pollMs: 200, leasing: { failoverMs: 3_000 } };
const bytesOf = (n: number): Uint8Array => new TextEncoder().encode(JSON.stringify({ n }));

/** A group reads a stream that this test made, and says what came. */
async function reading(
  stream: string,
  group: string,
  options: KinesisTransportOptions = {},
): Promise<{ readonly seen: number[]; readonly transport: ReturnType<typeof kinesisTransport> }> {
  const transport = kinesisTransport({
    ...emulated(),
    ...quick,
    ...options,
    streams: { orders: stream },
    leasing: { ...quick.leasing, table: () => `${stream}_${group}` },
  });
  const client = createClient({ transport });
  onTestFinished(() => client.close());
  await client.provision([orders], { groups: [group] });
  const seen: number[] = [];
  await client.consume(orders, { group, from: 'earliest', checkpointMs: 50 }, ({ body }) => {
    seen.push(body.n);
    return Promise.resolve();
  });
  return { seen, transport };
}

test('what other programs wrote is read: plain, and aggregated by the Kinesis Producer Library', async () => {
  const stream = await newStream(raw);
  const put = (Data: Uint8Array): Promise<unknown> =>
    raw.send(new PutRecordCommand({ StreamName: stream, PartitionKey: 'a', Data }));
  await put(bytesOf(0));
  await put(
    encodeAggregate(
      [1, 2, 3].map((n) => ({ data: bytesOf(n), partitionKey: `k${n}`, hashKey: undefined })),
    ),
  );
  await put(bytesOf(4));
  const { seen } = await reading(stream, 'billing');
  await expect
    .poll(() => seen.toSorted((a, b) => a - b), { timeout: 10_000 })
    .toEqual([0, 1, 2, 3, 4]);
});

test('after a split and a merge everything is read', async () => {
  const stream = await newStream(raw, 2);
  const { seen } = await reading(stream, 'billing');
  let n = 0;
  const putSome = async (): Promise<void> => {
    for (let index = 0; index < 10; index += 1) {
      const record = { StreamName: stream, PartitionKey: `k${index}`, Data: bytesOf(n) };
      await raw.send(new PutRecordCommand(record));
      n += 1;
    }
  };
  const active = async (): Promise<void> => {
    const command = new DescribeStreamSummaryCommand({ StreamName: stream });
    await expect
      .poll(async () => (await raw.send(command)).StreamDescriptionSummary?.StreamStatus)
      .toBe('ACTIVE');
  };
  await putSome();
  const split = { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: String(1n << 126n) };
  await raw.send(new SplitShardCommand({ StreamName: stream, ...split }));
  await active();
  await putSome();
  const merge = {
    ShardToMerge: 'shardId-000000000003',
    AdjacentShardToMerge: 'shardId-000000000001',
  };
  await raw.send(new MergeShardsCommand({ StreamName: stream, ...merge }));
  await active();
  await putSome();
  const all = Array.from({ length: 30 }, (_, index) => index);
  await expect.poll(() => seen.toSorted((a, b) => a - b), { timeout: 15_000 }).toEqual(all);
});

test('an expired iterator and throttling are overcome without a gap', async () => {
  const stream = await newStream(raw);
  const proxy = await startAwsProxy(emulated().endpoint);
  onTestFinished(() => proxy.stop());
  const { seen } = await reading(stream, 'billing', { endpoint: proxy.endpoint });
  for (const [n, name] of [
    'ExpiredIteratorException',
    'ProvisionedThroughputExceededException',
  ].entries()) {
    proxy.inject(failCall({ operation: 'GetRecords', times: 2 }, { name }));
    await raw.send(
      new PutRecordCommand({ StreamName: stream, PartitionKey: 'a', Data: bytesOf(n) }),
    );
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(n + 1);
  }
  expect(seen).toEqual([0, 1]);
});

test('shards push to a group that asks for it', async () => {
  const stream = await newStream(raw);
  const { seen } = await reading(stream, 'billing', { reading: 'fan-out' });
  for (const n of [0, 1, 2])
    await raw.send(
      new PutRecordCommand({ StreamName: stream, PartitionKey: 'a', Data: bytesOf(n) }),
    );
  await expect.poll(() => seen, { timeout: 15_000 }).toEqual([0, 1, 2]);
});

test('lag is the age of what was not checkpointed', async () => {
  const stream = await newStream(raw);
  const { seen, transport } = await reading(stream, 'billing');
  const lag = (): Promise<ReadonlyMap<string, number>> => transport.lag('orders', 'billing');
  await expect.poll(lag).toEqual(new Map([['shardId-000000000000', 0]]));
  await raw.send(new PutRecordCommand({ StreamName: stream, PartitionKey: 'a', Data: bytesOf(1) }));
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([1]);
  await expect.poll(lag, { timeout: 10_000 }).toEqual(new Map([['shardId-000000000000', 0]]));
});
