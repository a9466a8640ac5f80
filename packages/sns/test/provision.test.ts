import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type AwsBroker, awsClientOptions } from '@intermodal/brokers';
import { channel, createClient, type Client } from '@intermodal/core';
import { expect, test } from 'vitest';
import {
  attributeFilter,
  type SnsStandardCapabilities,
  snsTransport,
  type SnsTransportOptions,
} from '../src/index.ts';

const emulators: readonly AwsBroker[] = ['fauxqs', 'moto'];
const account = { fauxqs: '000000000000', moto: '123456789012' } as Readonly<
  Partial<Record<AwsBroker, string>>
>;

interface Scene extends AsyncDisposable {
  readonly name: string;
  readonly topicArn: string;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  client(options?: SnsTransportOptions<undefined>): Client<SnsStandardCapabilities>;
  queueAttributes(queue: string): Promise<Readonly<Record<string, string>>>;
}

function scene(broker: AwsBroker): Scene {
  const connection = awsClientOptions(broker);
  const name = `provision-${crypto.randomUUID().slice(0, 8)}`;
  const sns = new SNSClient(connection);
  const sqs = new SQSClient(connection);
  const clients: Client<SnsStandardCapabilities>[] = [];
  return {
    name,
    topicArn: `arn:aws:sns:${connection.region}:${account[broker]}:${name}`,
    sns,
    sqs,
    client(options = {}) {
      const transport = snsTransport({ ...connection, queues: { waitSeconds: 1 }, ...options });
      const client = createClient({ transport });
      clients.push(client);
      return client;
    },
    async queueAttributes(QueueName) {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
      return (await sqs.send(command)).Attributes ?? {};
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      sns.destroy();
      sqs.destroy();
    },
  };
}

async function subscriptions({
  sns,
  topicArn,
}: Scene): Promise<Readonly<Record<string, string>>[]> {
  const list = new ListSubscriptionsByTopicCommand({ TopicArn: topicArn });
  const { Subscriptions = [] } = await sns.send(list);
  const found: Readonly<Record<string, string>>[] = [];
  for (const { SubscriptionArn } of Subscriptions) {
    const get = new GetSubscriptionAttributesCommand({ SubscriptionArn });
    const { Attributes = {} } = await sns.send(get);
    found.push(Attributes);
  }
  return found;
}

test.each(emulators)(
  'ten processes provision at once, and there is one of everything on %s',
  async (broker) => {
    await using it = scene(broker);
    const filter = attributeFilter({ tenant: ['a'] });
    const filters = { [it.name]: { billing: filter } };
    const groups = ['billing', 'shipping'];
    const clients = Array.from({ length: 10 }, () => it.client({ filters }));
    await Promise.all(clients.map((client) => client.provision([channel(it.name)], { groups })));
    await it.client({ filters }).provision([channel(it.name)], { groups, mode: 'verify' });

    const found = await subscriptions(it);
    expect(found).toHaveLength(2);
    for (const group of groups) {
      const queue = await it.queueAttributes(`${it.name}_${group}`);
      const dead = await it.queueAttributes(`${it.name}_${group}_dlq`);
      const subscription = found.find(({ Endpoint }) => Endpoint === queue['QueueArn']);
      expect(subscription?.['RawMessageDelivery']).toBe('true');
      expect(JSON.parse(subscription?.['RedrivePolicy'] ?? '{}')).toEqual({
        deadLetterTargetArn: dead['QueueArn'],
      });
      expect(subscription?.['FilterPolicy']).toBe(
        group === 'billing' ? '{"tenant":["a"]}' : undefined,
      );
      for (const { Policy = '{}' } of [queue, dead]) {
        const { Statement } = JSON.parse(Policy) as { readonly Statement: readonly object[] };
        expect(Statement).toHaveLength(1);
        expect(JSON.stringify(Statement)).toContain(`"aws:SourceArn":["${it.topicArn}"]`);
      }
    }
  },
);

test.each(emulators)('verify names all that differs and mends nothing on %s', async (broker) => {
  await using it = scene(broker);
  const client = it.client();
  const orders = channel(it.name);
  const verify = (options?: SnsTransportOptions<undefined>): Promise<void> =>
    it.client(options).provision([orders], { groups: ['billing'], mode: 'verify' });
  await expect(verify()).rejects.toMatchObject({ code: 'not-found' });
  await client.provision([orders], { groups: ['billing'] });
  await verify();

  const { SubscriptionArn } = (await subscriptions(it))[0] ?? {};
  const set = { SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '{"a":["b"]}' };
  await it.sns.send(new SetSubscriptionAttributesCommand(set));
  const { QueueUrl } = await it.sqs.send(
    new GetQueueUrlCommand({ QueueName: `${it.name}_billing` }),
  );
  await it.sqs.send(
    new SetQueueAttributesCommand({ QueueUrl, Attributes: { MessageRetentionPeriod: '60' } }),
  );
  const wanted = {
    provisioning: { signatureVersion: '2' },
    queues: { provisioning: { retentionSeconds: 3_600 } },
  } as const;
  await expect(verify(wanted)).rejects.toMatchObject({
    code: 'mismatch',
    message: expect.stringMatching(
      /SignatureVersion is .*, wanted 2; .*MessageRetentionPeriod is 60, wanted 3600; .*has the FilterPolicy/,
    ) as string,
  });
  // Nor does creating take a filter away that nobody declared.
  await expect(client.provision([orders], { groups: ['billing'] })).rejects.toThrow(
    /filters says none/,
  );
  const [subscription] = await subscriptions(it);
  expect(subscription?.['FilterPolicy']).toBe('{"a":["b"]}');
});

test.each(emulators)('a filter that changes is changed on %s', async (broker) => {
  await using it = scene(broker);
  const orders = channel<{ n: number }>(it.name);
  for (const tenant of ['a', 'b']) {
    const filters = { [it.name]: { billing: attributeFilter({ tenant: [tenant] }) } };
    await it.client({ filters }).provision([orders], { groups: ['billing'] });
  }
  const client = it.client();
  await client.publish(orders, { n: 1 }, { headers: { tenant: 'a' } });
  await client.publish(orders, { n: 2 }, { headers: { tenant: 'b' } });
  for await (const delivery of client.receive(orders, { group: 'billing' })) {
    await delivery.ack();
    expect(delivery.body).toEqual({ n: 2 });
    break;
  }
  expect(await client.backlog(orders, { group: 'billing' })).toMatchObject({ ready: 0 });
});

test.each(emulators)('a topic by ARN is subscribed to, and never made, on %s', async (broker) => {
  await using it = scene(broker);
  const orders = channel<{ n: number }>('orders');
  const theirs = { topics: { orders: it.topicArn } };
  const naming = ({ role }: { readonly role: string }): string => `${it.name}-${role}`;
  const options = { ...theirs, queues: { waitSeconds: 1, naming } };
  const client = it.client(options);
  const provisioning = client.provision([orders], { groups: ['billing'] });
  await expect(provisioning).rejects.toMatchObject({ code: 'not-found' });
  await it.client({ naming: () => it.name }).provision([orders], { groups: ['other'] });
  await client.provision([orders], { groups: ['billing'] });
  await client.publish(orders, { n: 1 });
  for await (const delivery of client.receive(orders, { group: 'billing' })) {
    await delivery.ack();
    expect(delivery.body).toEqual({ n: 1 });
    break;
  }
});

test.each(emulators)('a queue whose subscription is not raw is read on %s', async (broker) => {
  await using it = scene(broker);
  const orders = channel<{ n: number }>(it.name);
  const client = it.client();
  await client.provision([orders], { groups: ['billing'] });
  const { QueueUrl } = await it.sqs.send(
    new CreateQueueCommand({ QueueName: `${it.name}_legacy` }),
  );
  await it.sqs.send(new CreateQueueCommand({ QueueName: `${it.name}_legacy_dlq` }));
  const { Attributes } = await it.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const Endpoint = Attributes?.QueueArn;
  await it.sns.send(new SubscribeCommand({ TopicArn: it.topicArn, Protocol: 'sqs', Endpoint }));
  const { id } = await client.publish(orders, { n: 1 }, { key: 'k', headers: { tenant: 'a' } });
  for await (const delivery of client.receive(orders, { group: 'legacy' })) {
    await delivery.ack();
    expect(delivery).toMatchObject({ id, key: 'k', body: { n: 1 } });
    expect(Object.fromEntries(delivery.headers)).toEqual({ tenant: 'a' });
    break;
  }
});
