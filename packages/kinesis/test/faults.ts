import { DynamoDBClient, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { awsClientOptions } from '@intermodal/brokers';
import type { AwsObject, AwsProxy, Fault, TcpProxy } from '@intermodal/brokers/faults';
import type { Faults } from '@intermodal/conformance';
import type { Emulators } from './harness.ts';

/** What the proxies before an emulator of Kinesis and before one of DynamoDB can do to their clients. */
export function faultsOf(
  aws: AwsProxy,
  leases: AwsProxy,
  tcp: TcpProxy,
  { kinesis: endpoint, dynamo }: Emulators,
): Faults {
  return {
    cut() {
      tcp.cut();
    },
    blackhole() {
      for (const connection of tcp.connections) connection.blackHole();
    },
    freeze() {
      let thaw = (): void => undefined;
      const thawed = new Promise<void>((resolve) => {
        thaw = resolve;
      });
      const heals = [aws, leases].map((proxy) =>
        proxy.inject(() => ({ kind: 'hold-request', until: () => thawed })),
      );
      return () => {
        for (const heal of heals) heal();
        thaw();
      };
    },
    failEntries: refusals(aws, 'ProvisionedThroughputExceededException'),
    refuseEntries: refusals(aws, 'KMSDisabledException'),
    loseReplies: losses(aws),
    throttle() {
      let refused = 0;
      const heal = aws.inject(({ operation }) => {
        if (operation !== 'PutRecords') return undefined;
        refused += 1;
        return { kind: 'error', error: { name: 'ProvisionedThroughputExceededException' } };
      });
      return () => {
        heal();
        return refused;
      };
    },
    deny() {
      const error = { name: 'AccessDeniedException', status: 400 };
      for (const proxy of [aws, leases]) proxy.inject(() => ({ kind: 'error', error }));
    },
    expireLeases: () => freeLeases(leases, dynamo),
    reshard: (channel) => splitFirst(endpoint, channel),
  };
}

/** Takes every lease of the tables that were used through the proxy, as another worker would. */
async function freeLeases(leases: AwsProxy, endpoint: string): Promise<void> {
  const tables = new Set(leases.calls.map(({ input }) => String(input['TableName'])));
  const client = new DynamoDBClient(awsClientOptions('dynalite', {}, endpoint));
  try {
    for (const TableName of tables) {
      const { Items = [] } = await client.send(new ScanCommand({ TableName }));
      for (const { leaseKey } of Items) {
        const update = {
          UpdateExpression: 'SET leaseCounter = leaseCounter + :one REMOVE leaseOwner',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        };
        const Key = { leaseKey: leaseKey as NonNullable<typeof leaseKey> };
        await client.send(new UpdateItemCommand({ TableName, Key, ...update }));
      }
    }
  } finally {
    client.destroy();
  }
}

/** Refuses the next records, as many as it is told; the rest of their requests goes on. */
function refusals(aws: AwsProxy, code: string): (count: number) => void {
  let left = 0;
  aws.inject(({ operation }): Fault | undefined => {
    if (left <= 0 || operation !== 'PutRecords') return undefined;
    return {
      kind: 'refuse-entries',
      refuse() {
        left -= 1;
        return left >= 0 ? { code } : undefined;
      },
    };
  });
  return (count) => {
    left = count;
  };
}

function losses(aws: AwsProxy): (count: number) => void {
  let left = 0;
  aws.inject(({ operation, input }) => {
    if (left <= 0 || operation !== 'PutRecords') return undefined;
    left -= listIn(input, 'Records').length;
    return { kind: 'lose-reply' };
  });
  return (count) => {
    left = count;
  };
}

/** Splits the first open shard in the middle; resolves when its children take records. */
async function splitFirst(endpoint: string, StreamName: string): Promise<void> {
  const client = new KinesisClient({
    ...awsClientOptions('kinesis-local', {}, endpoint),
    requestHandler: new NodeHttpHandler(),
  });
  try {
    const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
    const open = Shards.find((shard) => !shard.SequenceNumberRange?.EndingSequenceNumber);
    const { StartingHashKey = '0', EndingHashKey = '0' } = open?.HashKeyRange ?? {};
    const NewStartingHashKey = String((BigInt(StartingHashKey) + BigInt(EndingHashKey)) / 2n);
    const split = { StreamName, ShardToSplit: open?.ShardId, NewStartingHashKey };
    await client.send(new SplitShardCommand(split));
    for (;;) {
      const { StreamDescriptionSummary: summary } = await client.send(
        new DescribeStreamSummaryCommand({ StreamName }),
      );
      if (summary?.StreamStatus === 'ACTIVE') return;
    }
  } finally {
    client.destroy();
  }
}

function listIn(object: AwsObject, name: string): readonly AwsObject[] {
  const list = object[name];
  return Array.isArray(list) ? (list as readonly AwsObject[]) : [];
}
