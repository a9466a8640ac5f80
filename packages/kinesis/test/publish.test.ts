import {
  type AwsProxy,
  editReply,
  failEntries,
  startAwsProxy,
  startTcpProxy,
} from '@intermodal/brokers/faults';
import { ListShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { channel, type Client, createClient, type IntermodalError } from '@intermodal/core';
import { expect, onTestFinished, test } from 'vitest';
import { decodeAggregate } from '../src/kpl-format.ts';
import {
  type KinesisCapabilities,
  kinesisTransport,
  type KinesisTransportOptions,
} from '../src/index.ts';
import { readRecord } from '../src/read-record.ts';
import { createShardMap } from '../src/shard-map.ts';
import { emulated, newStream, rawClient, recordsOf } from './opened.ts';

const orders = channel<{ readonly n: number }>('orders', { order: 'key' });
const raw = rawClient();

interface Numbered {
  readonly body: { readonly n: number };
  readonly options: { readonly key: string };
}

interface Setting {
  readonly stream: string;
  readonly proxy: AwsProxy;
  readonly client: Client<KinesisCapabilities>;
}

function clientTo(stream: string, options: KinesisTransportOptions): Client<KinesisCapabilities> {
  return createClient({ transport: kinesisTransport({ ...options, streams: { orders: stream } }) });
}

async function setting(shards: number, options: KinesisTransportOptions = {}): Promise<Setting> {
  const stream = await newStream(raw, shards);
  const proxy = await startAwsProxy(emulated().endpoint);
  const client = clientTo(stream, { ...emulated(proxy.endpoint), ...options });
  onTestFinished(async () => {
    await client.close();
    await proxy.stop();
  });
  return { stream, proxy, client };
}

function numbered(count: number, keys: number): readonly Numbered[] {
  return Array.from({ length: count }, (_, n) => ({
    body: { n },
    options: { key: `key-${n % keys}` },
  }));
}

test('publishes at once share requests, with at most one record of a key in each', async () => {
  const { client, proxy, stream } = await setting(2);
  const publishing = numbered(60, 20).map(({ body, options }) =>
    client.publish(orders, body, options),
  );
  await Promise.all(publishing);
  const requests = proxy.calls.filter(({ operation }) => operation === 'PutRecords');
  expect(requests.length).toBeLessThan(10);
  for (const { input } of requests) {
    const keys = (input['Records'] as { PartitionKey: string }[]).map((one) => one.PartitionKey);
    expect(new Set(keys).size).toBe(keys.length);
  }
  const stored = [...(await recordsOf(raw, stream)).values()].flat();
  expect(stored).toHaveLength(60);
});

test('of a request that partly failed only those records are sent again, in the order of their key', async () => {
  const { client, proxy, stream } = await setting(1);
  proxy.inject(
    failEntries({ operation: 'PutRecords', times: 3 }, (_, index) => index % 2 === 0, {
      code: 'ProvisionedThroughputExceededException',
    }),
  );
  const publishing = numbered(40, 8).map(({ body, options }) =>
    client.publish(orders, body, options),
  );
  const published = await Promise.all(publishing);
  expect(new Set(published.map(({ position }) => position)).size).toBe(40);
  const stored = [...(await recordsOf(raw, stream)).values()].flat();
  const perKey = new Map<string, number[]>();
  for (const { PartitionKey = '', Data } of stored) {
    const event = JSON.parse(new TextDecoder().decode(Data)) as { data: { n: number } };
    perKey.set(PartitionKey, [...(perKey.get(PartitionKey) ?? []), event.data.n]);
  }
  for (const [key, numbers] of perKey) {
    const first = Number(key.split('-')[1]);
    expect(numbers).toEqual([0, 1, 2, 3, 4].map((round) => round * 8 + first));
  }
});

test('one HTTP/2 session carries every request', async () => {
  const tls = new URL(process.env['INTERMODAL_KINESIS_LOCAL_TLS_ENDPOINT'] ?? '');
  await using proxy = await startTcpProxy({ port: Number(tls.port) });
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'; // the emulator's certificate is its own
  onTestFinished(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  const stream = await newStream(raw);
  const client = clientTo(stream, emulated(`https://127.0.0.1:${proxy.port}`));
  for (const { body, options } of numbered(30, 3)) await client.publish(orders, body, options);
  await Promise.all(
    numbered(30, 30).map(({ body, options }) => client.publish(orders, body, options)),
  );
  expect(proxy.accepted).toBe(1);
  await client.close();
  await proxy.untilIdle();
});

test('a key is refused by a stream that shares its records out by itself', async () => {
  const { client, proxy } = await setting(1);
  proxy.inject(
    editReply({ operation: 'DescribeStreamSummary', times: 9 }, (output) => ({
      StreamDescriptionSummary: {
        ...(output['StreamDescriptionSummary'] as object),
        RecordDistributionStrategy: 'AUTO',
      },
    })),
  );
  const refusal = client.publish(orders, { n: 1 }, { key: 'a' });
  await expect(refusal).rejects.toMatchObject({
    code: 'unsupported',
  } satisfies Partial<IntermodalError>);
});

test('an explicit hash key chooses the shard', async () => {
  const { client, stream } = await setting(2, {
    hashKey: ({ key }) => (key === 'low' ? '0' : undefined),
  });
  for (const n of [0, 1, 2, 3]) await client.publish(orders, { n }, { key: 'low' });
  const [low = []] = (await recordsOf(raw, stream)).values();
  expect(low).toHaveLength(4);
});

test('without an envelope the body is the record, and headers are refused', async () => {
  const { client, stream } = await setting(1, { envelope: 'none' });
  await client.publish(orders, { n: 7 }, { key: 'a' });
  const refusal = client.publish(orders, { n: 8 }, { key: 'a', headers: { tenant: 'acme' } });
  await expect(refusal).rejects.toMatchObject({ code: 'invalid-message' });
  const stored = [...(await recordsOf(raw, stream)).values()].flat();
  expect(stored.map(({ Data }) => new TextDecoder().decode(Data))).toEqual(['{"n":7}']);
});

test('aggregated messages are in records of their own shard, in the order of their key', async () => {
  const { client, stream, proxy } = await setting(3, { aggregation: { maxBytes: 4_096 } });
  const publishing = numbered(300, 30).map(({ body, options }) =>
    client.publish(orders, body, options),
  );
  const published = await Promise.all(publishing);
  expect(proxy.count('PutRecords').requests).toBeLessThan(20);
  const perKey = new Map<string, number[]>();
  for (const [shardId, records] of await recordsOf(raw, stream)) {
    for (const record of records) {
      for (const inner of decodeAggregate(record.Data ?? new Uint8Array()) ?? []) {
        const event = JSON.parse(new TextDecoder().decode(inner.data)) as { data: { n: number } };
        perKey.set(inner.partitionKey, [...(perKey.get(inner.partitionKey) ?? []), event.data.n]);
        expect(published[event.data.n]?.position).toMatch(`${shardId}:${record.SequenceNumber}:`);
      }
    }
  }
  expect([...perKey.values()].flat()).toHaveLength(300);
  for (const numbers of perKey.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
});

test('aggregates that went to a shard which was split meanwhile are sent again', async () => {
  const { client, stream } = await setting(1, { aggregation: 'kpl' });
  await client.publish(orders, { n: 0 }, { key: 'key-0' });
  const split = { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: String(1n << 127n) };
  await raw.send(new SplitShardCommand({ StreamName: stream, ...split }));
  await Promise.all(
    numbered(40, 20).map(({ body, options }) => client.publish(orders, body, options)),
  );
  const map = createShardMap(
    (await raw.send(new ListShardsCommand({ StreamName: stream }))).Shards ?? [],
  );
  const read: number[] = [];
  for (const [shardId, records] of await recordsOf(raw, stream)) {
    const range = map.rangeOf(shardId)!;
    const form = {
      channel: 'orders',
      group: 'billing',
      role: 'main',
      shardId,
      range,
      envelope: 'cloudevents',
    } as const;
    for (const { message } of records.flatMap((record) => readRecord(record, form)))
      read.push((JSON.parse(String(message.body)) as { n: number }).n);
  }
  // The one from before the split, and each of the others once: what a reader discards was sent again.
  expect(read.toSorted((a, b) => a - b)).toEqual([0, ...Array.from({ length: 40 }, (_, n) => n)]);
});
