import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Clock, IntermodalError } from '@intermodal/core/driver';
import { ask } from '../ask.ts';
import type { Lease, LeaseTable } from './lease.ts';
import { changeOf, keyName, readRow, type Row, writeRow } from './row.ts';

/** A table as a whole. */
export interface LeaseStore {
  readonly table: LeaseTable;
  readonly place: string;
  exists(signal: AbortSignal): Promise<boolean>;
  /** Resolves when it may be used. Nothing happens where it is there. */
  make(tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** @throws `not-found` */
  drop(signal: AbortSignal): Promise<void>;
}

const firstWaitMs = 20;
const maxWaitMs = 1_000;

export function createLeaseStore(
  client: DynamoDBClient,
  TableName: string,
  clock: Clock,
): LeaseStore {
  const place = `lease table '${TableName}'`;

  async function statusOf(abortSignal: AbortSignal): Promise<string | undefined> {
    try {
      const command = new DescribeTableCommand({ TableName });
      const { Table } = await ask(client.send(command, { abortSignal }), place);
      return Table?.TableStatus;
    } catch (error) {
      if (IntermodalError.is(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function create(
    tags: Readonly<Record<string, string>>,
    abortSignal: AbortSignal,
  ): Promise<void> {
    const command = new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: keyName, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: keyName, KeyType: 'HASH' }],
      ...(Object.keys(tags).length === 0
        ? {}
        : { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    });
    try {
      await client.send(command, { abortSignal });
    } catch (cause) {
      // Another worker was faster.
      if (!(cause instanceof Error && cause.name === 'ResourceInUseException'))
        await ask(Promise.reject(cause as Error), place);
    }
  }

  return {
    table: tableOf(client, TableName, place),
    place,
    async exists(signal) {
      return (await statusOf(signal)) === 'ACTIVE';
    },
    async make(tags, signal) {
      let status = await statusOf(signal);
      if (status === undefined) await create(tags, signal);
      for (let ms = firstWaitMs; status !== 'ACTIVE'; ms = Math.min(maxWaitMs, ms * 2)) {
        await new Promise<void>((resolve) => void clock.setTimer(resolve, ms));
        signal.throwIfAborted();
        status = await statusOf(signal);
      }
    },
    async drop(abortSignal) {
      await ask(client.send(new DeleteTableCommand({ TableName }), { abortSignal }), place);
    },
  };
}

function tableOf(client: DynamoDBClient, TableName: string, place: string): LeaseTable {
  /** Undefined where the condition was not met. */
  async function conditional<T>(request: Promise<T>): Promise<T | undefined> {
    try {
      return await request;
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'ConditionalCheckFailedException')
        return undefined;
      return ask(Promise.reject(cause as Error), place);
    }
  }

  return {
    async scan(abortSignal) {
      const leases: Lease[] = [];
      let from: Row | undefined;
      do {
        const start = from === undefined ? {} : { ExclusiveStartKey: from };
        const command = new ScanCommand({ TableName, ConsistentRead: true, ...start });
        const page: ScanCommandOutput = await ask(client.send(command, { abortSignal }), place);
        for (const row of page.Items ?? []) {
          const lease = readRow(row);
          if (lease !== undefined) leases.push(lease);
        }
        from = page.LastEvaluatedKey;
      } while (from !== undefined);
      return leases;
    },

    async read(shardId, abortSignal) {
      const Key = { [keyName]: { S: shardId } };
      const command = new GetItemCommand({ TableName, Key, ConsistentRead: true });
      const { Item } = await ask(client.send(command, { abortSignal }), place);
      return Item === undefined ? undefined : readRow(Item);
    },

    async create(lease, abortSignal) {
      const command = new PutItemCommand({
        TableName,
        Item: writeRow(lease),
        ConditionExpression: `attribute_not_exists(${keyName})`,
      });
      await conditional(client.send(command, { abortSignal }));
    },

    async write(shardId, expected, change, abortSignal) {
      const { set, remove } = changeOf(change);
      const values: Record<string, Row[string]> = { ':was': { N: String(expected.counter) } };
      const conditions = ['leaseCounter = :was'];
      if (expected.owner !== undefined) {
        conditions.push('leaseOwner = :owner');
        values[':owner'] = { S: expected.owner };
      }
      if (expected.settled === true) conditions.push('attribute_not_exists(checkpointOwner)');
      const sets = Object.entries(set).map(([name, value], index) => {
        values[`:v${index}`] = value;
        return `${name} = :v${index}`;
      });
      const removes = remove.length === 0 ? '' : ` REMOVE ${remove.join(', ')}`;
      const command = new UpdateItemCommand({
        TableName,
        Key: { [keyName]: { S: shardId } },
        ConditionExpression: conditions.join(' AND '),
        UpdateExpression: `SET ${sets.join(', ')}${removes}`,
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
      });
      const output = await conditional(client.send(command, { abortSignal }));
      return output?.Attributes === undefined ? undefined : readRow(output.Attributes);
    },

    async remove(shardId, counter, abortSignal) {
      const command = new DeleteItemCommand({
        TableName,
        Key: { [keyName]: { S: shardId } },
        ConditionExpression: 'leaseCounter = :was',
        ExpressionAttributeValues: { ':was': { N: String(counter) } },
      });
      await conditional(client.send(command, { abortSignal }));
    },
  };
}
