import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamSummaryCommand,
  MergeShardsCommand,
  PutRecordCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { awsClientOptions } from '@intermodal/brokers';
import { channel, createClient, json } from '@intermodal/core';
import { decodeEnvelope } from '@intermodal/core/driver';
import { failCall, startAwsProxy } from '@intermodal/brokers/faults';
import { expect, onTestFinished, test } from 'vitest';
import { encodeAggregate } from '../src/kpl-format.ts';
import {
  type KinesisTransport,
  kinesisTransport,
  type KinesisTransportOptions,
} from '../src/index.ts';
import { emulated, newStream, rawClient, recordsOf } from './opened.ts';

const orders = channel<{ readonly n: number }>('orders', { codec: json<{ readonly n: number }>() });
const raw = rawClient();
const quick: KinesisTransportOptions = { pollMs: 200, leasing: { failoverMs: 3_000 } };
const bytesOf = (n: number): Uint8Array => new TextEncoder().encode(JSON.stringify({ n }));

function transportTo(
  stream: string,
  group: string,
  options: KinesisTransportOptions = {},
): KinesisTransport {
  return kinesisTransport({
    ...emulated(),
    ...quick,
    ...options,
    streams: { orders: stream },
    leasing: { ...quick.leasing, table: () => `${stream}_${group}` },
  });
}

/** A group reads a stream that this test made, and says what came. */
async function reading(
  stream: string,
  group: string,
  options: KinesisTransportOptions = {},
): Promise<{ readonly seen: number[]; readonly transport: KinesisTransport }> {
  const transport = transportTo(stream, group, options);
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

test('a group goes on from the checkpoints of a Java application, beside rows of other kinds', async () => {
  const stream = await newStream(raw);
  const sequences: string[] = [];
  for (const n of [0, 1, 2, 3]) {
    const record = { StreamName: stream, PartitionKey: 'a', Data: bytesOf(n) };
    sequences.push((await raw.send(new PutRecordCommand(record))).SequenceNumber ?? '');
  }
  const TableName = `${stream}_billing`;
  const dynamo = new DynamoDBClient(awsClientOptions('dynalite'));
  onTestFinished(() => {
    dynamo.destroy();
  });
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'leaseKey', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 10, minDelay: 1 }, { TableName });
  const others = ['STREAM', 'LEADER', 'WORKER_METRIC_STATS'].map((entityType) => ({
    leaseKey: { S: entityType },
    entityType: { S: entityType },
    metrics: { N: '1' },
  }));
  const own = {
    leaseKey: { S: 'shardId-000000000000' },
    entityType: { S: 'LEASE' },
    leaseOwner: { S: 'java-worker' },
    leaseCounter: { N: '4711' },
    checkpoint: { S: sequences[1] ?? '' },
    checkpointSubSequenceNumber: { N: '0' },
    ownerSwitchesSinceCheckpoint: { N: '0' },
    throughputKBps: { N: '1.5' },
  };
  for (const Item of [own, ...others]) await dynamo.send(new PutItemCommand({ TableName, Item }));

  const { seen } = await reading(stream, 'billing');
  await expect.poll(() => seen, { timeout: 30_000 }).toEqual([2, 3]);
  const rowOf = async (name: string): Promise<unknown> =>
    (await dynamo.send(new GetItemCommand({ TableName, Key: { leaseKey: { S: name } } }))).Item;
  await expect
    .poll(() => rowOf('shardId-000000000000'), { timeout: 10_000 })
    .toMatchObject({ checkpoint: { S: sequences[3] }, throughputKBps: { N: '1.5' } });
  for (const other of others) expect(await rowOf(other.leaseKey.S)).toEqual(other);
});

test('after a crash in the middle of an aggregated record the rest of it comes', async () => {
  const stream = await newStream(raw);
  const parts = Array.from({ length: 6 }, (_, n) => ({
    data: bytesOf(n),
    partitionKey: `k${n}`,
    hashKey: undefined,
  }));
  const Data = encodeAggregate(parts);
  await raw.send(new PutRecordCommand({ StreamName: stream, PartitionKey: 'a', Data }));
  const transport = (): KinesisTransport => transportTo(stream, 'billing');
  const crashing = createClient({ transport: transport() });
  await crashing.provision([orders], { groups: ['billing'] });
  const from = 'earliest';
  let checkpointed = false;
  const first = createClient({
    transport: transport(),
    telemetry: ({ type }) => {
      checkpointed ||= type === 'checkpointed';
    },
  });
  const begun: number[] = [];
  await first.consume(orders, { group: 'billing', from, checkpointMs: 20 }, async ({ body }) => {
    begun.push(body.n);
    if (body.n >= 3) await new Promise(() => undefined);
  });
  await expect.poll(() => begun.length, { timeout: 10_000 }).toBe(6);
  await expect.poll(() => checkpointed, { timeout: 10_000 }).toBe(true);
  await first.close({ deadlineMs: 0 });
  await crashing.close();
  const { seen } = await reading(stream, 'billing');
  await expect.poll(() => seen, { timeout: 30_000 }).toEqual([3, 4, 5]);
});

test('what goes on failing is a dead letter elsewhere, with its shard, number and reason', async () => {
  const stream = await newStream(raw);
  const letters = await newStream(raw);
  const elsewhere = kinesisTransport(emulated());
  const client = createClient({ transport: transportTo(stream, 'billing') });
  onTestFinished(async () => {
    await client.close();
    await elsewhere.close();
  });
  await client.provision([orders], { groups: ['billing'] });
  const { id, position } = await client.publish(orders, { n: 1 }, { key: 'a' });
  const consumer = await client.consume(
    orders,
    {
      group: 'billing',
      from: 'earliest',
      retry: { maxAttempts: 2, delayMs: () => 1 },
      deadLetter: { transport: elsewhere, address: letters },
    },
    () => {
      throw new Error('no such customer');
    },
  );
  await expect.poll(() => consumer.stats().deadLettered, { timeout: 10_000 }).toBe(1);
  const [record] = [...(await recordsOf(raw, letters)).values()].flat();
  const letter = decodeEnvelope(record?.Data ?? new Uint8Array(), 'orders');
  expect(letter?.id).toBe(id);
  expect(Object.fromEntries(letter?.headers ?? [])).toMatchObject({
    imposition: position,
    imattempt: '2',
    imorigin: 'kinesis:orders/billing',
    imreason: expect.stringContaining('no such customer') as string,
  });
  expect(position).toMatch(/^shardId-000000000000:\d+:0$/);
});

test('with block-shard nothing goes past a failure, and the next worker begins with it', async () => {
  const stream = await newStream(raw);
  const client = createClient({ transport: transportTo(stream, 'billing') });
  await client.provision([orders], { groups: ['billing'] });
  const options = { group: 'billing', from: 'earliest', onFailure: 'block-shard' } as const;
  const retry = { maxAttempts: 2, delayMs: () => 10 };
  const before: number[] = [];
  const consumer = await client.consume(orders, { ...options, retry }, ({ body: { n } }) => {
    if (n === 1) throw new Error('broken');
    before.push(n);
  });
  for (const n of [0, 1]) await client.publish(orders, { n }, { key: `k${n}` });
  await expect.poll(() => consumer.stats().blocked, { timeout: 10_000 }).toBe(1);
  for (const n of [2, 3]) await client.publish(orders, { n }, { key: `k${n}` });
  const lag = await transportTo(stream, 'billing').lag('orders', 'billing');
  expect([...lag.values()][0]).toBeGreaterThan(0);
  await client.close({ deadlineMs: 5_000 });
  expect(before).toEqual([0]);
  const { seen } = await reading(stream, 'billing');
  await expect.poll(() => seen, { timeout: 30_000 }).toEqual([1, 2, 3]);
});
