import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttp2Handler, NodeHttpHandler } from '@smithy/node-http-handler';
import { expect, test } from 'vitest';
import { awsClientOptions, startBroker, startOwnBroker } from '../src/index.ts';
import { ownRunFolder } from './run-folder.ts';

ownRunFolder();

test('kinesis-local speaks HTTP/1.1, and HTTP/2 behind a certificate of its own', async () => {
  await using broker = await startOwnBroker('kinesis-local');
  const { environment } = broker;
  const plain = awsClientOptions('kinesis-local', environment);
  const handlers = [
    {
      endpoint: environment['INTERMODAL_KINESIS_LOCAL_ENDPOINT'] ?? '',
      requestHandler: new NodeHttpHandler(),
    },
    {
      endpoint: environment['INTERMODAL_KINESIS_LOCAL_TLS_ENDPOINT'] ?? '',
      requestHandler: new NodeHttp2Handler({
        nodeHttp2ConnectOptions: { rejectUnauthorized: false },
      }),
    },
  ];
  for (const handler of handlers) {
    const client = new KinesisClient({ ...plain, ...handler, maxAttempts: 1 });
    const { StreamNames } = await client.send(new ListStreamsCommand({}));
    expect(StreamNames).toEqual([]);
    client.destroy();
  }
});

test.each(['dynalite', 'moto'] as const)('%s keeps conditions on DynamoDB rows', async (name) => {
  await using broker = await startBroker(name);
  const client = new DynamoDBClient(awsClientOptions(name, broker.environment));
  const TableName = 'leases';
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'leaseKey', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName });
  const leaseKey = { S: 'shardId-000000000000' };
  await client.send(
    new PutItemCommand({ TableName, Item: { leaseKey, leaseCounter: { N: '4' } } }),
  );
  const renew = (): Promise<unknown> =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key: { leaseKey },
        ConditionExpression: 'leaseCounter = :expected',
        UpdateExpression: 'SET leaseCounter = :next',
        ExpressionAttributeValues: { ':expected': { N: '4' }, ':next': { N: '5' } },
      }),
    );
  await renew();
  await expect(renew()).rejects.toThrow(/conditional/i);
  client.destroy();
});
