import type { ProvisionPlan } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import type { SqsTransportOptions } from './index.ts';
import { account, cannedServer, type CannedServer, region } from '../test/canned-server.ts';
import { deadOrders, never, opened, orders } from '../test/opened.ts';

const plan: ProvisionPlan = {
  mode: 'create',
  order: 'none',
  maxAttempts: 5,
  deadLetter: deadOrders,
};
const verify: ProvisionPlan = { ...plan, mode: 'verify' };
const arn = (name: string): string => `arn:aws:sqs:${region}:${account}:${name}`;

interface State {
  readonly attributes: Record<string, string>;
  readonly tags: Record<string, string>;
}

/** A service that keeps queues as SQS does: creating one that is there with other attributes is an error. */
function keep(server: CannedServer): Map<string, State> {
  const queues = new Map<string, State>();
  const nameOf = (input: Readonly<Record<string, unknown>>): string =>
    String(input['QueueName'] ?? input['QueueUrl'])
      .split('/')
      .at(-1) ?? '';
  const missing = { error: 'QueueDoesNotExist' };
  server.on('CreateQueue', (input) => {
    const name = nameOf(input);
    const { Attributes = {}, tags = {} } = input as {
      Attributes?: Record<string, string>;
      tags?: Record<string, string>;
    };
    const there = queues.get(name);
    if (there === undefined) queues.set(name, { attributes: { ...Attributes }, tags: { ...tags } });
    else if (Object.entries(Attributes).some(([key, value]) => there.attributes[key] !== value))
      return { error: 'QueueNameExists' };
    return { result: { QueueUrl: `${server.endpoint}/${account}/${name}` } };
  });
  server.on('GetQueueUrl', (input) =>
    queues.has(nameOf(input))
      ? { result: { QueueUrl: `${server.endpoint}/${account}/${nameOf(input)}` } }
      : missing,
  );
  server.on('GetQueueAttributes', (input) => {
    const there = queues.get(nameOf(input));
    return there === undefined
      ? missing
      : { result: { Attributes: { ...there.attributes, QueueArn: arn(nameOf(input)) } } };
  });
  server.on('SetQueueAttributes', (input) => {
    Object.assign(queues.get(nameOf(input))!.attributes, input['Attributes']);
    return { result: {} };
  });
  server.on('ListQueueTags', (input) => ({ result: { Tags: queues.get(nameOf(input))?.tags } }));
  server.on('TagQueue', (input) => {
    Object.assign(queues.get(nameOf(input))!.tags, input['Tags']);
    return { result: {} };
  });
  return queues;
}

async function provision(
  server: CannedServer,
  how: ProvisionPlan,
  options: SqsTransportOptions = {},
): Promise<void> {
  await using driver = opened(server.endpoint, options);
  await driver.transport.admin!.provision(orders, how, never);
}

const redrivePolicy = JSON.stringify({
  deadLetterTargetArn: arn('orders_dlq'),
  maxReceiveCount: 50,
});

test('a channel is a queue with its dead letters, made once', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  await Promise.all([provision(server, plan), provision(server, plan)]);
  await provision(server, plan);
  await provision(server, verify);
  expect(Object.fromEntries(queues)).toEqual({
    orders: {
      attributes: { RedrivePolicy: redrivePolicy },
      tags: { 'intermodal:group': 'orders' },
    },
    orders_dlq: { attributes: { MessageRetentionPeriod: '1209600' }, tags: {} },
  });
  expect(server.of('SetQueueAttributes')).toHaveLength(0);
  expect(server.of('TagQueue')).toHaveLength(0);
});

test('everything that can be asked for is asked for, and verified', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  const options: SqsTransportOptions = {
    fifo: true,
    provisioning: {
      encryption: { kmsKeyId: 'alias/orders', dataKeyReuseSeconds: 3_600 },
      tags: { team: 'shop' },
      retentionSeconds: 345_600,
      deadLetterRetentionSeconds: 600_000,
      maxReceiveCount: 500,
      highThroughput: true,
      attributes: { ReceiveMessageWaitTimeSeconds: '20' },
      access: {
        httpsOnly: true,
        publishers: ['210987654321'],
        topics: ['arn:aws:sns:eu-west-1:123456789012:orders'],
      },
    },
  };
  await provision(server, plan, options);
  await provision(server, verify, options);
  const { attributes, tags } = queues.get('orders.fifo')!;
  expect(attributes).toMatchObject({
    FifoQueue: 'true',
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
    KmsMasterKeyId: 'alias/orders',
    KmsDataKeyReusePeriodSeconds: '3600',
    MessageRetentionPeriod: '345600',
    ReceiveMessageWaitTimeSeconds: '20',
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: arn('orders_dlq.fifo'),
      maxReceiveCount: 500,
    }),
  });
  const { Statement } = JSON.parse(attributes['Policy']!) as {
    Statement: { Sid: string; Principal: unknown; Resource: string }[];
  };
  expect(Statement.map(({ Sid }) => Sid)).toEqual([
    'IntermodalHttpsOnly',
    'IntermodalPublishers',
    'IntermodalTopics',
  ]);
  expect(Statement[1]).toMatchObject({
    Principal: { AWS: ['arn:aws:iam::210987654321:root'] },
    Resource: arn('orders.fifo'),
  });
  expect(tags).toEqual({ team: 'shop', 'intermodal:group': 'orders' });
  expect(queues.get('orders_dlq.fifo')).toMatchObject({
    attributes: {
      FifoQueue: 'true',
      MessageRetentionPeriod: '600000',
      KmsMasterKeyId: 'alias/orders',
      Policy: expect.stringContaining('IntermodalHttpsOnly') as unknown,
    },
    tags: { team: 'shop' },
  });
});

test('a queue that is there is brought to what is wanted, and the rest of it is kept', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  const theirs = { Sid: 'Theirs', Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: '*' };
  queues.set('orders', {
    attributes: {
      VisibilityTimeout: '90',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn('orders_dlq'), maxReceiveCount: 3 }),
      Policy: JSON.stringify({ Version: '2008-10-17', Statement: theirs }),
    },
    tags: { cost: 'x' },
  });
  await provision(server, plan, {
    provisioning: { retentionSeconds: 60, access: { httpsOnly: true } },
  });
  const { attributes, tags } = queues.get('orders')!;
  expect(attributes).toMatchObject({
    VisibilityTimeout: '90',
    MessageRetentionPeriod: '60',
    RedrivePolicy: redrivePolicy,
  });
  const policy = JSON.parse(attributes['Policy']!) as {
    Version: string;
    Statement: { Sid: string }[];
  };
  expect([policy.Version, ...policy.Statement.map(({ Sid }) => Sid)]).toEqual([
    '2008-10-17',
    'Theirs',
    'IntermodalHttpsOnly',
  ]);
  expect(tags).toEqual({ cost: 'x', 'intermodal:group': 'orders' });
});

test('a higher limit is as good, and another target is somebody’s choice', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  await provision(server, plan);
  const { attributes } = queues.get('orders')!;
  attributes['RedrivePolicy'] = JSON.stringify({
    deadLetterTargetArn: arn('orders_dlq'),
    maxReceiveCount: '1000',
  });
  await provision(server, verify);
  attributes['RedrivePolicy'] = JSON.stringify({
    deadLetterTargetArn: arn('elsewhere'),
    maxReceiveCount: 1_000,
  });
  const mismatch = {
    code: 'mismatch',
    message: expect.stringContaining(
      `RedrivePolicy moves messages to ${arn('elsewhere')} after 1000 receives, wanted ${arn('orders_dlq')} after at least 50`,
    ) as unknown,
  };
  await expect(provision(server, plan)).rejects.toMatchObject(mismatch);
  await expect(provision(server, verify)).rejects.toMatchObject(mismatch);
});

test('verify changes nothing and says everything that differs', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  queues.set('orders', { attributes: { MessageRetentionPeriod: '60' }, tags: {} });
  queues.set('orders_dlq', { attributes: {}, tags: {} });
  const options = {
    provisioning: {
      retentionSeconds: 120,
      tags: {},
      access: { httpsOnly: false, consumers: [account] },
    },
  };
  await expect(provision(server, verify, options)).rejects.toMatchObject({
    code: 'mismatch',
    address: "sqs queue 'orders'",
    message: `sqs queue 'orders' is not as wanted: MessageRetentionPeriod is 60, wanted 120; RedrivePolicy moves messages to nowhere after 0 receives, wanted ${arn('orders_dlq')} after at least 50; Policy lacks IntermodalConsumers, or has it otherwise; tag intermodal:group is not set, wanted orders`,
  });
  expect(
    server.seen.map(({ operation }) => operation).filter((name) => /^(Create|Set|Tag)/.test(name)),
  ).toEqual([]);
  queues.delete('orders_dlq');
  await expect(provision(server, verify)).rejects.toMatchObject({ code: 'not-found' });
});

test('a second group on a queue is refused, and the first keeps it', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  await provision(server, plan);
  await using driver = opened(server.endpoint);
  await expect(
    driver.transport.admin!.provision({ ...orders, group: 'second' }, plan, never),
  ).rejects.toMatchObject({ code: 'unsupported' });
  expect(queues.get('orders')?.tags).toEqual({ 'intermodal:group': 'orders' });
});

test('a queue of somebody else is looked at and never changed', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  queues.set('theirs', { attributes: {}, tags: {} });
  const foreign = { queues: { orders: arn('theirs') } };
  await expect(
    provision(server, { mode: 'create', order: 'none', maxAttempts: 5 }, foreign),
  ).rejects.toMatchObject({ code: 'mismatch' });
  expect(server.of('CreateQueue')).toHaveLength(0);
  expect(queues.get('theirs')).toEqual({ attributes: {}, tags: {} });
});

test('a name that was deleted just now is a clear error', async () => {
  await using server = await cannedServer();
  keep(server);
  server.on('CreateQueue', { error: 'QueueDeletedRecently' });
  await expect(provision(server, plan)).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
    message: expect.stringContaining('less than 60 seconds ago') as unknown,
  });
});

test('the service’s own limit never comes near core’s', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  await expect(
    provision(server, plan, { provisioning: { maxReceiveCount: 49 } }),
  ).rejects.toMatchObject({ code: 'invalid-argument' });
  await provision(server, { ...plan, maxAttempts: 500 });
  expect(queues.get('orders')?.attributes['RedrivePolicy']).toContain('"maxReceiveCount":1000');
});

test('backlog is what an auto-scaler asks for', async () => {
  await using server = await cannedServer();
  const queues = keep(server);
  const counts = (visible: string, inFlight: string, delayed: string): Record<string, string> => ({
    ApproximateNumberOfMessages: visible,
    ApproximateNumberOfMessagesNotVisible: inFlight,
    ApproximateNumberOfMessagesDelayed: delayed,
  });
  queues.set('orders', { attributes: counts('7', '3', '2'), tags: {} });
  await using driver = opened(server.endpoint);
  expect(await driver.transport.admin!.backlog!(orders, never)).toEqual({
    ready: 7,
    inFlight: 3,
    delayed: 2,
    deadLettered: 0,
    exact: false,
  });
  queues.set('orders_dlq', { attributes: counts('1', '4', '0'), tags: {} });
  expect(await driver.transport.admin!.backlog!(orders, never)).toMatchObject({ deadLettered: 5 });
  const dead = await driver.transport.admin!.backlog!(deadOrders, never);
  expect(dead).toMatchObject({ ready: 1, deadLettered: 0 });
});

test('dead letters are moved by the service, which is waited for', async () => {
  await using server = await cannedServer();
  server.on('StartMessageMoveTask', { result: { TaskHandle: 'task' } });
  const older = { Status: 'FAILED', StartedTimestamp: 1, FailureReason: 'old' };
  server.on('ListMessageMoveTasks', (_, nth) => ({
    result: {
      Results: [
        older,
        {
          Status: nth === 1 ? 'RUNNING' : 'COMPLETED',
          StartedTimestamp: 2,
          ApproximateNumberOfMessagesMoved: nth * 10,
        },
      ],
    },
  }));
  await using driver = opened(server.endpoint);
  expect(await driver.transport.admin!.redrive!(orders, { maxPerSecond: 900 }, never)).toEqual({
    moved: 20,
  });
  expect(server.of('StartMessageMoveTask')[0]!.input).toEqual({
    SourceArn: arn('orders_dlq'),
    DestinationArn: arn('orders'),
    MaxNumberOfMessagesPerSecond: 500,
  });
});

test.each([
  [{ error: 'UnknownOperationException' }, undefined],
  [{ error: 'UnsupportedOperation' }, undefined],
  [{ error: 'InvalidParameterValue' }, undefined],
  [{ raw: '<!doctype html>', status: 500 }, undefined],
  [{ result: {} }, 0.5],
] as const)(
  'where the service cannot (%j, at %s per second) it says so, and core does it',
  async (answer, maxPerSecond) => {
    await using server = await cannedServer();
    server.on('StartMessageMoveTask', answer);
    await using driver = opened(server.endpoint);
    await expect(
      driver.transport.admin!.redrive!(
        orders,
        maxPerSecond === undefined ? {} : { maxPerSecond },
        never,
      ),
    ).rejects.toMatchObject({ code: 'unsupported' });
  },
);

test('a move that fails or is aborted tells how far it came', async () => {
  await using server = await cannedServer();
  server.on('StartMessageMoveTask', { result: { TaskHandle: 'task' } });
  server.on('CancelMessageMoveTask', { result: {} });
  server.on('ListMessageMoveTasks', {
    result: {
      Results: [
        { Status: 'FAILED', ApproximateNumberOfMessagesMoved: 4, FailureReason: 'AccessDenied' },
      ],
    },
  });
  await using driver = opened(server.endpoint);
  const { admin } = driver.transport;
  await expect(admin!.redrive!(orders, {}, never)).rejects.toThrow(/FAILED after 4: AccessDenied/);
  server.on('ListMessageMoveTasks', {
    result: { Results: [{ Status: 'RUNNING', ApproximateNumberOfMessagesMoved: 4 }] },
  });
  const caller = new AbortController();
  const moving = admin!.redrive!(orders, {}, caller.signal);
  await server.arrival('ListMessageMoveTasks', 2);
  caller.abort();
  await expect(moving).rejects.toMatchObject({ code: 'aborted' });
  expect(server.of('CancelMessageMoveTask')[0]!.input).toEqual({ TaskHandle: 'task' });
});

test('purge empties a queue; remove takes the dead letters along', async () => {
  await using server = await cannedServer();
  keep(server).set('orders', { attributes: {}, tags: {} });
  server.on('PurgeQueue', { result: {} });
  server.on('DeleteQueue', { result: {} });
  await using driver = opened(server.endpoint);
  await driver.transport.admin!.purge!(orders, never);
  await driver.transport.admin!.remove!(orders, never);
  expect(server.of('PurgeQueue')[0]!.input['QueueUrl']).toMatch(/\/orders$/);
  expect(server.of('DeleteQueue')).toHaveLength(1);
  server.on('PurgeQueue', { error: 'PurgeQueueInProgress' });
  await expect(driver.transport.admin!.purge!(orders, never)).rejects.toMatchObject({
    code: 'throttled',
    retryable: true,
  });
});
