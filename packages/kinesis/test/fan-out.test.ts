import {
  MergeShardsCommand,
  PutRecordCommand,
  type PutRecordCommandInput,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { channel, type Client, type Consumer, createClient } from '@intermodal/core';
import type { StartPosition } from '@intermodal/core/driver';
import {
  type FanOutPeer,
  type FanOutTimes,
  startFanOutPeer,
  startTcpProxy,
  type TcpProxy,
} from '@intermodal/brokers/faults';
import { expect, onTestFinished, test } from 'vitest';
import { type KinesisCapabilities, kinesisTransport } from '../src/index.ts';
import { emulated, newStream, rawClient, untilActive } from './opened.ts';
import { trustEveryCertificate } from './trust.ts';

trustEveryCertificate();

const orders = channel<{ readonly n: number }>('orders');
const raw = rawClient();

interface Setting {
  readonly peer: FanOutPeer;
  readonly tcp: TcpProxy;
  readonly seen: number[];
  readonly client: Client<KinesisCapabilities>;
  readonly consumer: Consumer;
}

interface Wanted {
  readonly times?: Partial<FanOutTimes>;
  readonly from?: StartPosition;
  readonly consuming?: { readonly prefetch: number; readonly concurrency: number };
  readonly requestTimeoutMs?: number;
}

function open(
  stream: string,
  endpoint: string,
  requestTimeoutMs: number,
): Client<KinesisCapabilities> {
  const transport = kinesisTransport({
    ...emulated(endpoint),
    reading: 'fan-out',
    streams: { orders: stream },
    requestTimeoutMs,
    leasing: { failoverMs: 3_000, table: () => `${stream}_billing` },
  });
  return createClient({ transport });
}

/** A group that is pushed what this stream gets, through a peer of its own. */
async function pushed(stream: string, wanted: Wanted = {}): Promise<Setting> {
  const quick = { takeOverMs: 300, apartMs: 100, quietMs: 200, pollMs: 50, ...wanted.times };
  const peer = await startFanOutPeer(emulated().endpoint ?? '', quick);
  const tcp = await startTcpProxy({ port: Number(new URL(peer.endpoint).port) });
  const client = open(stream, `https://127.0.0.1:${tcp.port}`, wanted.requestTimeoutMs ?? 15_000);
  onTestFinished(async () => {
    await client.close();
    await tcp.stop();
    await peer.stop();
  });
  await client.provision([orders], { groups: ['billing'] });
  const seen: number[] = [];
  const { from = 'earliest', consuming } = wanted;
  const consumer = await client.consume(
    orders,
    { group: 'billing', from, checkpointMs: 50, ...consuming },
    ({ body }) => void seen.push(body.n),
  );
  return { peer, tcp, seen, client, consumer };
}

async function put(stream: string, n: number, key = 'a'): Promise<void> {
  const Data = Buffer.from(JSON.stringify({ n }));
  const record: PutRecordCommandInput = { StreamName: stream, PartitionKey: key, Data };
  await raw.send(new PutRecordCommand(record));
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const isSubscribed = ({ subscriptions }: FanOutPeer): boolean =>
  subscriptions.some(({ outcome }) => outcome === 'open');
const within = { timeout: 60_000 };

test('a subscription that is over is renewed where it was, with and without records', async () => {
  const stream = await newStream(raw);
  await put(stream, 99);
  const { peer, seen } = await pushed(stream, { times: { subscriptionMs: 700 }, from: 'latest' });
  await peer.until(({ subscriptions }) => subscriptions.length >= 3);
  for (const n of upTo(6)) {
    await put(stream, n);
    if (n % 2 === 0) {
      const { length } = peer.subscriptions;
      await peer.until(({ subscriptions }) => subscriptions.length > length);
    }
  }
  await expect.poll(() => seen, within).toEqual(upTo(6));
  const starts = peer.subscriptions.slice(1).map(({ from }) => from);
  expect(new Set(starts.map(({ Type }) => Type))).toEqual(new Set(['AFTER_SEQUENCE_NUMBER']));
  // It moves on where no record came, too.
  expect(new Set(starts.map(({ SequenceNumber }) => SequenceNumber)).size).toBe(starts.length);
});

test.each([
  'InternalFailureException',
  'KMSThrottlingException',
  'ResourceInUseException',
  'LimitExceededException',
])('%s in a stream, and as an answer, loses and repeats nothing', async (name) => {
  const stream = await newStream(raw);
  const { peer, seen } = await pushed(stream);
  await put(stream, 0);
  await expect.poll(() => seen, within).toEqual([0]);
  peer.refuse(name);
  peer.interrupt(name);
  await put(stream, 1);
  await expect.poll(() => seen, within).toEqual([0, 1]);
  expect(peer.subscriptions.map(({ outcome }) => outcome)).toEqual([
    'ended',
    `refused ${name}`,
    'open',
  ]);
  const [, refused, last] = peer.subscriptions;
  const waitedMs = (last?.at ?? 0) - (refused?.at ?? 0);
  // Never at once; five seconds and more where somebody else has it.
  expect(waitedMs).toBeGreaterThanOrEqual(name === 'ResourceInUseException' ? 5_000 : 1_000);
});

test('a stream that is gone is said so in its stream, and the consumer says it', async () => {
  const stream = await newStream(raw);
  const { peer, consumer } = await pushed(stream);
  await peer.until(isSubscribed);
  const done = consumer.done.catch((error: unknown) => error);
  peer.interrupt('ResourceNotFoundException');
  expect(await done).toMatchObject({ code: 'not-found' });
});

test('a shard that ends says what comes out of it: parents before children, by split and merge', async () => {
  const stream = await newStream(raw, 2);
  const { seen, peer } = await pushed(stream);
  let n = 0;
  const putSome = async (): Promise<void> => {
    for (let count = 0; count < 8; count += 1) {
      await put(stream, n, `k${n % 4}`);
      n += 1;
    }
  };
  await putSome();
  const split = { ShardToSplit: 'shardId-000000000000', NewStartingHashKey: String(1n << 126n) };
  await raw.send(new SplitShardCommand({ StreamName: stream, ...split }));
  await untilActive(raw, stream);
  await putSome();
  const merge = {
    ShardToMerge: 'shardId-000000000003',
    AdjacentShardToMerge: 'shardId-000000000001',
  };
  await raw.send(new MergeShardsCommand({ StreamName: stream, ...merge }));
  await untilActive(raw, stream);
  await putSome();
  await expect.poll(() => seen.toSorted((a, b) => a - b), within).toEqual(upTo(24));
  for (const key of upTo(4)) {
    const numbers = seen.filter((each) => each % 4 === key);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
  const shards = new Set(peer.subscriptions.map(({ shardId }) => shardId));
  expect(shards.size).toBe(5);
});

test('one HTTP/2 session carries the subscriptions of all shards, their renewals, and what is published', async () => {
  const stream = await newStream(raw, 4);
  const { peer, seen, client } = await pushed(stream, { times: { subscriptionMs: 500 } });
  for (const n of upTo(20)) await client.publish(orders, { n }, { key: `k${n}` });
  await peer.until(({ subscriptions }) => subscriptions.length >= 12);
  await expect.poll(() => seen.length, within).toBe(20);
  expect(peer.sessions).toBe(1);
});

test('a shard that is left to wait holds up no other, nor what is published', async () => {
  const stream = await newStream(raw, 2);
  const { peer, seen, client } = await pushed(stream, {
    times: { subscriptionMs: 300_000 },
    consuming: { prefetch: 1, concurrency: 1 },
  });
  // Far more than any window of HTTP/2 for a stream that nobody takes from.
  const text = 'x'.repeat(200_000);
  const big = channel<{ readonly n: number; readonly text: string }>('orders');
  await Promise.all(upTo(12).map((n) => client.publish(big, { n, text }, { key: `k${n}` })));
  await expect.poll(() => seen.length, within).toBe(12);
  expect(peer.sessions).toBe(1);
});

test('a connection that is cut, and one that falls silent, are found, and nothing is lost', async () => {
  const stream = await newStream(raw);
  const { tcp, seen } = await pushed(stream, { requestTimeoutMs: 2_000 });
  await put(stream, 0);
  await expect.poll(() => seen, within).toEqual([0]);
  tcp.cut();
  await put(stream, 1);
  await expect.poll(() => seen, within).toEqual([0, 1]);
  for (const connection of tcp.connections) connection.blackHole();
  await put(stream, 2);
  await expect.poll(() => seen, within).toEqual([0, 1, 2]);
});

test('whoever stops leaves no subscription open', async () => {
  const stream = await newStream(raw, 2);
  const { peer, tcp, client } = await pushed(stream);
  const open = (): number => peer.subscriptions.filter(({ outcome }) => outcome === 'open').length;
  await expect.poll(open, within).toBe(2);
  await client.close();
  await tcp.untilIdle();
  const { length } = peer.subscriptions;
  await expect.poll(open, within).toBe(0);
  expect(peer.subscriptions).toHaveLength(length);
});
