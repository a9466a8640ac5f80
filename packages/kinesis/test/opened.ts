import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  type _Record as NativeRecord,
  DescribeStreamSummaryCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { awsClientOptions } from '@intermodal/brokers';
import { type KinesisTransportOptions } from '../src/index.ts';

/** A client as anybody has one, to the emulator itself. */
export function rawClient(): KinesisClient {
  return new KinesisClient({
    ...awsClientOptions('kinesis-local'),
    requestHandler: new NodeHttpHandler(),
  });
}

let streams = 0;

/** A stream that nobody else uses. */
export async function newStream(client: KinesisClient, shards = 1): Promise<string> {
  streams += 1;
  const StreamName = `s-${process.pid}-${Date.now()}-${streams}`;
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: shards }));
  await untilActive(client, StreamName);
  return StreamName;
}

/** Resolves when the stream takes records again. */
export async function untilActive(client: KinesisClient, StreamName: string): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary: summary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    );
    if (summary?.StreamStatus === 'ACTIVE') return;
  }
}

/** Everything that a stream holds, shard after shard. */
export async function recordsOf(
  client: KinesisClient,
  StreamName: string,
): Promise<ReadonlyMap<string, readonly NativeRecord[]>> {
  const found = new Map<string, readonly NativeRecord[]>();
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId = '' } of Shards) {
    const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    const { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }));
    found.set(ShardId, Records);
  }
  return found;
}

/** How this package's transport reaches the emulators. */
export function emulated(endpoint?: string): KinesisTransportOptions {
  const { endpoint: leaseEndpoint = '' } = awsClientOptions('dynalite');
  return { ...awsClientOptions('kinesis-local', process.env, endpoint), leaseEndpoint };
}
