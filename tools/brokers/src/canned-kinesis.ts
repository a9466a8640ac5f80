// A process of its own, so that a benchmark measures the client alone: node canned-kinesis.ts
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { CannedKinesisCounts, CannedKinesisSettings } from './canned-kinesis-client.ts';

interface Entry {
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
}

interface Input {
  readonly StreamName?: string;
  readonly Records?: readonly Entry[];
  readonly ShardId?: string;
  readonly ShardIterator?: string;
  readonly ShardIteratorType?: string;
  readonly StartingSequenceNumber?: string;
  readonly Limit?: number;
}

const hashKeys = 1n << 128n;
// Of every number, so that all have as many digits.
const firstSequence = 10n ** 55n;
const mostRecords = 10_000;
const mostBytes = 10_485_760;

let settings: CannedKinesisSettings = {
  latencyMs: 0,
  shards: 1,
  held: 0,
  records: [{ key: 'key', data: Buffer.from('x'.repeat(100)).toString('base64') }],
};
let sequence = 0n;
const counts: Record<string, { requests: number; entries: number }> = {};
/** The keys of a benchmark are few and come again. */
const shardsOf = new Map<string, string>();
const templates = new Map<string, CannedKinesisSettings['records']>();

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    if (incoming.url === '/admin') return admin(incoming, response, text);
    const target = String(incoming.headers['x-amz-target']);
    const operation = target.slice(target.indexOf('.') + 1);
    const input = JSON.parse(text) as Input;
    const output = outputOf(operation, input);
    const counted = (counts[operation] ??= { requests: 0, entries: 0 });
    counted.requests += 1;
    counted.entries += input.Records?.length ?? 1;
    if (settings.latencyMs > 0) setTimeout(() => answer(response, output), settings.latencyMs);
    else answer(response, output);
  });
});
// It has no types.
const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server;
const dynamo = dynalite({ createTableMs: 0 });
await Promise.all([listening(server), listening(dynamo)]);
const [endpoint, dynamoEndpoint] = [addressOf(server), addressOf(dynamo)];
process.stdout.write(`${JSON.stringify({ endpoint, dynamoEndpoint })}\n`);

// The end of standard input is the end of who started us.
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));

function listening(each: Server): Promise<void> {
  return new Promise((resolve) => each.listen(0, '127.0.0.1', resolve));
}

function addressOf(each: Server): string {
  return `http://127.0.0.1:${(each.address() as AddressInfo).port}`;
}

function outputOf(operation: string, input: Input): string {
  switch (operation) {
    case 'PutRecords':
      return `{"FailedRecordCount":0,"Records":[${(input.Records ?? []).map(stored).join(',')}]}`;
    case 'GetShardIterator':
      return JSON.stringify({ ShardIterator: iteratorOf(input) });
    case 'GetRecords':
      return page(input);
    case 'ListShards':
      return JSON.stringify({ Shards: Array.from({ length: settings.shards }, shard) });
    case 'DescribeStreamSummary':
      return JSON.stringify({ StreamDescriptionSummary: description(input) });
    case 'DescribeStream':
      return JSON.stringify({
        StreamDescription: {
          ...description(input),
          HasMoreShards: false,
          Shards: Array.from({ length: settings.shards }, shard),
        },
      });
    default:
      return '{}';
  }
}

function stored(entry: Entry): string {
  sequence += 1n;
  return `{"SequenceNumber":"${firstSequence + sequence}","ShardId":"${shardOf(entry)}"}`;
}

/** Those whose keys belong there, or all of them. */
function templatesOf(shardId: string): CannedKinesisSettings['records'] {
  const known = templates.get(shardId);
  if (known !== undefined) return known;
  const own = settings.records.filter(({ key }) => shardOf({ PartitionKey: key }) === shardId);
  const chosen = own.length === 0 ? settings.records : own;
  templates.set(shardId, chosen);
  return chosen;
}

function shardOf({ PartitionKey, ExplicitHashKey }: Entry): string {
  const known = ExplicitHashKey ?? PartitionKey;
  let shardId = shardsOf.get(known);
  if (shardId === undefined) {
    const md5 = createHash('md5').update(PartitionKey).digest('hex');
    const hash = ExplicitHashKey === undefined ? BigInt(`0x${md5}`) : BigInt(ExplicitHashKey);
    shardId = shardName(Number((hash * BigInt(settings.shards)) / hashKeys));
    if (shardsOf.size < 100_000) shardsOf.set(known, shardId);
  }
  return shardId;
}

function shardName(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`;
}

function shard(_: unknown, index: number): object {
  const edge = (at: number): bigint => {
    const count = BigInt(settings.shards);
    return (BigInt(at) * hashKeys + count - 1n) / count;
  };
  return {
    ShardId: shardName(index),
    HashKeyRange: {
      StartingHashKey: String(edge(index)),
      EndingHashKey: String(edge(index + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: String(firstSequence) },
  };
}

function description({ StreamName = 'stream' }: Input): object {
  return {
    StreamName,
    StreamARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`,
    StreamStatus: 'ACTIVE',
    StreamCreationTimestamp: 1_700_000_000,
    RetentionPeriodHours: 24,
    EncryptionType: 'NONE',
    EnhancedMonitoring: [],
    OpenShardCount: settings.shards,
  };
}

/** Its shard, and the number of the next record, which is its sequence number less the first. */
function iteratorOf(input: Input): string {
  return `${input.ShardId}:${numberOf(input)}`;
}

function numberOf({ ShardIteratorType, StartingSequenceNumber = '0' }: Input): string {
  switch (ShardIteratorType) {
    case 'LATEST':
      return String(settings.held);
    case 'AT_SEQUENCE_NUMBER':
      return String(BigInt(StartingSequenceNumber) - firstSequence);
    case 'AFTER_SEQUENCE_NUMBER':
      return String(BigInt(StartingSequenceNumber) - firstSequence + 1n);
    case undefined:
    default:
      return '0';
  }
}

function page({ ShardIterator = '0', Limit = mostRecords }: Input): string {
  const [shardId = '', number] = ShardIterator.split(':');
  const there = templatesOf(shardId);
  let next = Number(number);
  let bytes = 0;
  const last = Math.min(settings.held, next + Limit);
  const records: string[] = [];
  const arrived = Date.now() / 1_000;
  for (; next < last && bytes < mostBytes; next += 1) {
    const { key, data } = there[next % there.length] ?? { key: '', data: '' };
    bytes += (data.length * 3) / 4;
    records.push(
      `{"ApproximateArrivalTimestamp":${arrived},"Data":"${data}","PartitionKey":"${key}","SequenceNumber":"${firstSequence + BigInt(next)}"}`,
    );
  }
  const behind = next < settings.held ? 1_000 : 0;
  return `{"MillisBehindLatest":${behind},"NextShardIterator":"${shardId}:${next}","Records":[${records.join(',')}]}`;
}

function admin(incoming: IncomingMessage, response: ServerResponse, text: string): void {
  if (incoming.method === 'POST') {
    const changed = JSON.parse(text) as Partial<CannedKinesisSettings>;
    settings = { ...settings, ...changed };
    if (changed.records ?? changed.shards) templates.clear();
  }
  const state: CannedKinesisCounts = counts;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(state));
}

function answer(response: ServerResponse, body: string): void {
  response.writeHead(200, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
