import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
} from '@aws-sdk/client-kinesis';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Endpoints } from './canned.ts';
import { bodyOf, type Order } from './orders.ts';
import { peer } from './peers.ts';
import type { ConsumingOptions, Handle, PublishingOptions } from './work.ts';

export const StreamName = 'bench';

export const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };

function sdkClient({ kinesis }: Endpoints): KinesisClient {
  return new KinesisClient({
    endpoint: kinesis,
    region: 'eu-west-1',
    credentials,
    requestHandler: new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 200 } }),
  });
}

async function put(client: KinesisClient, Records: PutRecordsRequestEntry[]): Promise<void> {
  const { FailedRecordCount } = await client.send(new PutRecordsCommand({ StreamName, Records }));
  if (FailedRecordCount !== 0) throw new Error(`${FailedRecordCount} records were not stored`);
}

export const handPublish: PublishingOptions = {
  name: 'PutRecords by hand, 500 records',
  callers: 4,
  perCall: 500,
  open(endpoints) {
    const client = sdkClient(endpoints);
    return {
      send: (orders) =>
        put(
          client,
          orders.map((order) => ({
            PartitionKey: order.customer,
            Data: Buffer.from(bodyOf(order)),
          })),
        ),
      stop: () => closed(client),
    };
  },
};

interface Aggregated {
  readonly partitionKey: string;
  readonly data: Buffer;
}

interface Aggregation {
  readonly RecordAggregator: new () => {
    addUserRecord(record: object): void;
    checkIfUserRecordFits(record: object): boolean;
    build(): Aggregated;
  };
  deaggregateSync(
    record: object,
    computeChecksums: boolean,
    done: (error: Error | null | undefined, records: readonly { readonly data: string }[]) => void,
  ): void;
}

/** Its aggregator, and PutRecords with what it makes. It knows no shards, and fills a record up to its megabyte. */
export const aggPublish: PublishingOptions = {
  name: 'aws-kinesis-agg and PutRecords',
  callers: 2,
  perCall: 20_000,
  open(endpoints) {
    const client = sdkClient(endpoints);
    const { RecordAggregator } = peer('aws-kinesis-agg') as Aggregation;
    return {
      async send(orders) {
        const aggregator = new RecordAggregator();
        const records: PutRecordsRequestEntry[] = [];
        const flush = (): void => {
          const { partitionKey, data } = aggregator.build();
          records.push({ PartitionKey: partitionKey, Data: data });
        };
        for (const order of orders) {
          const record = { partitionKey: order.customer, data: Buffer.from(bodyOf(order)) };
          if (!aggregator.checkIfUserRecordFits(record)) flush();
          aggregator.addUserRecord(record);
        }
        flush();
        await put(client, records);
      },
      stop: () => closed(client),
    };
  },
};

/** The same behind a `publish` of its own for each message, which resolves when the record is stored: the least of that. */
export const aggPublishEach: PublishingOptions = {
  ...aggPublish,
  name: 'the same, a promise for each message',
  async open(endpoints) {
    const { send, stop } = await aggPublish.open(endpoints);
    interface Waiting {
      readonly order: Order;
      readonly resolve: () => void;
      readonly reject: (error: unknown) => void;
    }
    let waiting: Waiting[] = [];

    async function flush(): Promise<void> {
      const batch = waiting;
      waiting = [];
      try {
        await send(batch.map(({ order }) => order));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }

    function publish(order: Order): Promise<void> {
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) queueMicrotask(() => void flush());
        waiting.push({ order, resolve, reject });
      });
    }

    return { send: (orders) => Promise.all(orders.map(publish)), stop };
  },
};

/** A loop for each shard that parses what it reads and awaits the handler: no lease, no checkpoint, no retry. */
export const handConsume: ConsumingOptions = {
  name: 'GetRecords loop by hand',
  open: (endpoints, handle) =>
    loops(endpoints, async (data) => {
      await handleText(Buffer.from(data).toString(), handle);
    }),
};

/** The same, with each record taken apart by aws-kinesis-agg. */
export const aggConsume: ConsumingOptions = {
  name: 'GetRecords loop and aws-kinesis-agg',
  open(endpoints, handle) {
    const { deaggregateSync } = peer('aws-kinesis-agg') as Aggregation;
    return loops(endpoints, async (data, partitionKey) => {
      const parts: string[] = [];
      const record = { kinesis: { data: Buffer.from(data).toString('base64'), partitionKey } };
      deaggregateSync(record.kinesis, true, (error, records) => {
        if (error) throw error;
        for (const part of records) parts.push(Buffer.from(part.data, 'base64').toString());
      });
      for (const part of parts) await handleText(part, handle);
    });
  },
};

function handleText(text: string, handle: Handle): Promise<void> {
  return handle(JSON.parse(text) as Order);
}

async function loops(
  endpoints: Endpoints,
  work: (data: Uint8Array, partitionKey: string) => Promise<void>,
): Promise<{ stop(): Promise<void> }> {
  const client = sdkClient(endpoints);
  const stopping = new AbortController();
  const { signal } = stopping;

  async function loop(ShardId: string | undefined): Promise<void> {
    const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    let { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
    while (!signal.aborted) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator }));
      ShardIterator = page.NextShardIterator;
      for (const { Data = new Uint8Array(), PartitionKey = '' } of page.Records ?? [])
        await work(Data, PartitionKey);
      await sleep(200, undefined, { signal }).catch(() => undefined);
    }
  }

  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  const running = Shards.map(({ ShardId }) => loop(ShardId));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await closed(client);
    },
  };
}

function closed(client: { destroy(): void }): Promise<void> {
  client.destroy();
  return Promise.resolve();
}
