import {
  CreateTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';
import { channel, type Client, createClient, type DeliveryBase, text } from '@intermodal/core';
import { expect, test } from 'vitest';
import { type SqsStandardCapabilities, sqsTransport } from '../src/index.ts';

const emulators: readonly AwsBroker[] = ['fauxqs', 'moto'];

interface Scene extends AsyncDisposable {
  readonly client: Client<SqsStandardCapabilities>;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly name: string;
  readonly url: string;
  readonly arn: string;
}

/** A channel with its queue, and the plain clients of the SDK beside it. */
async function scene(broker: AwsBroker): Promise<Scene> {
  const connection = awsClientOptions(broker);
  const name = `foreign-${crypto.randomUUID().slice(0, 8)}`;
  const client = createClient({ transport: sqsTransport({ ...connection, waitSeconds: 1 }) });
  await client.provision([channel(name)]);
  const sqs = new SQSClient({ ...connection, md5: false });
  const sns = new SNSClient(connection);
  const { QueueUrl: url = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  return {
    client,
    sqs,
    sns,
    name,
    url,
    arn: Attributes?.QueueArn ?? '',
    async [Symbol.asyncDispose]() {
      await client.close();
      sqs.destroy();
      sns.destroy();
    },
  };
}

async function next({ client, name }: Scene): Promise<DeliveryBase<string>> {
  for await (const delivery of client.receive(channel(name, { codec: text }), {})) {
    await delivery.ack();
    return delivery;
  }
  throw new Error('the loop ended by itself');
}

function stringValue(StringValue: string): { DataType: string; StringValue: string } {
  return { DataType: 'String', StringValue };
}

test.each(emulators)('a message of the plain SDK on %s', async (broker) => {
  await using there = await scene(broker);
  const input: SendMessageCommandInput = {
    QueueUrl: there.url,
    MessageBody: 'plain',
    MessageAttributes: {
      tenant: stringValue('a'),
      count: { DataType: 'Number', StringValue: '3' },
      blob: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
    },
  };
  const { MessageId } = await there.sqs.send(new SendMessageCommand(input));
  const delivery = await next(there);
  expect(delivery).toMatchObject({ id: MessageId, body: 'plain', key: undefined, attempt: 1 });
  expect(Object.fromEntries(delivery.headers)).toEqual({ tenant: 'a', count: '3' });
  expect(delivery.publishedAt).toBeInstanceOf(Date);
  const native = delivery.native as {
    MessageAttributes: Record<string, { BinaryValue?: Uint8Array }>;
  };
  expect(native.MessageAttributes['blob']?.BinaryValue).toEqual(new Uint8Array([0, 255]));
});

test.each(emulators)('the plain SDK reads ours on %s', async (broker) => {
  await using there = await scene(broker);
  const headers = {
    tenant: 'a',
    traceparent: '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01',
  };
  const { id } = await there.client.publish(
    channel<{ n: number }>(there.name),
    { n: 1 },
    { key: 'k', headers },
  );
  const poll = new ReceiveMessageCommand({
    QueueUrl: there.url,
    MessageAttributeNames: ['All'],
    WaitTimeSeconds: 1,
  });
  const { Messages } = await there.sqs.send(poll);
  expect(Messages).toMatchObject([
    {
      Body: '{"n":1}',
      MessageAttributes: {
        imid: stringValue(id),
        imkey: stringValue('k'),
        tenant: stringValue('a'),
        traceparent: stringValue(headers.traceparent),
        'content-type': stringValue('application/json'),
      },
    },
  ]);
});

test.each(
  emulators.flatMap((broker) => [
    { broker, raw: true },
    { broker, raw: false },
  ]),
)('a message of SNS on $broker, raw: $raw', async ({ broker, raw }) => {
  await using there = await scene(broker);
  const { TopicArn } = await there.sns.send(new CreateTopicCommand({ Name: there.name }));
  const Attributes = { RawMessageDelivery: String(raw) };
  await there.sns.send(
    new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: there.arn, Attributes }),
  );
  const MessageAttributes = { tenant: stringValue('a') };
  const { MessageId } = await there.sns.send(
    new PublishCommand({ TopicArn, Message: '{"n":1}', MessageAttributes }),
  );
  const delivery = await next(there);
  expect(delivery.body).toBe('{"n":1}');
  expect(Object.fromEntries(delivery.headers)).toEqual({ tenant: 'a' });
  expect(raw || delivery.id === MessageId).toBe(true);
});

test('a fair queue tells the tenant and keeps no order', async () => {
  const connection = awsClientOptions('moto'); // fauxqs drops groups of standard queues
  const name = `fair-${crypto.randomUUID().slice(0, 8)}`;
  const client = createClient({
    transport: sqsTransport({ ...connection, fairQueues: true, waitSeconds: 1 }),
  });
  const tenants = channel(name, { codec: text });
  await client.provision([tenants]);
  await client.publish(tenants, 'with', { key: 'tenant-1' });
  await client.publish(tenants, 'without');
  const keys = new Map<string, string | undefined>();
  for await (const delivery of client.receive(tenants, {})) {
    await delivery.ack();
    keys.set(delivery.body, delivery.key);
    const { Attributes } = delivery.native as {
      readonly Attributes?: { readonly MessageGroupId?: string };
    };
    expect(Attributes?.MessageGroupId).toBe(delivery.key ?? delivery.id);
    if (keys.size === 2) break;
  }
  expect(Object.fromEntries(keys)).toEqual({ with: 'tenant-1', without: undefined });
  await client.close();
});
