import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, expectTypeOf, test } from 'vitest';
import { type SqsFifoCapabilities, type SqsStandardCapabilities, sqsTransport } from './index.ts';
import { account, cannedServer, region } from '../test/canned-server.ts';
import { credentials, deadOrders, never, opened, orders } from '../test/opened.ts';

const url = `https://sqs.${region}.amazonaws.com/${account}/foreign`;

test('queues are found by the channel’s name, or by what the application gives', async () => {
  await using server = await cannedServer();
  const names = async (
    options: Parameters<typeof opened>[1],
    address = orders,
  ): Promise<unknown> => {
    await using driver = opened(server.endpoint, options);
    const before = server.seen.length;
    await driver.sender(address);
    return server.seen
      .slice(before)
      .map(({ operation, input }) => [
        operation,
        input['QueueName'] ?? input['QueueUrl'],
        input['QueueOwnerAWSAccountId'],
      ]);
  };
  const found = (name: string): unknown => [
    'GetQueueAttributes',
    `${server.endpoint}/${account}/${name}`,
    undefined,
  ];
  expect(await names({})).toEqual([['GetQueueUrl', 'orders', undefined], found('orders')]);
  expect(await names({ fifo: true }, deadOrders)).toEqual([
    ['GetQueueUrl', 'orders_dlq.fifo', undefined],
    found('orders_dlq.fifo'),
  ]);
  expect(
    await names({ naming: ({ channel, role }) => `prod-${channel}-${role}` }, deadOrders),
  ).toEqual([
    ['GetQueueUrl', 'prod-orders-dead-letter', undefined],
    found('prod-orders-dead-letter'),
  ]);
  expect(await names({ queues: { orders: 'legacy' }, accountId: '210987654321' })).toEqual([
    ['GetQueueUrl', 'legacy', '210987654321'],
    found('legacy'),
  ]);
  expect(
    await names({ queues: { orders: { main: `arn:aws:sqs:${region}:210987654321:theirs` } } }),
  ).toEqual([['GetQueueUrl', 'theirs', '210987654321'], found('theirs')]);
  expect(await names({ queues: { orders: url } })).toEqual([
    ['GetQueueAttributes', url, undefined],
  ]);
  expect(await names({}, { ...orders, native: 'by-address' })).toEqual([
    ['GetQueueUrl', 'by-address', undefined],
    found('by-address'),
  ]);
});

test('a signed request goes to the configured endpoint alone, whatever host a queue URL names', async () => {
  await using server = await cannedServer();
  await using attacker = await cannedServer();
  server.on('GetQueueUrl', { result: { QueueUrl: `${attacker.endpoint}/${account}/orders` } });
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver({ leaseMs: 2_000 });
  await receiver.receive(1, never);
  expect(attacker.seen).toHaveLength(0);
  expect(server.of('ReceiveMessage')).toHaveLength(1);
});

test.each([
  [
    'a URL of another host',
    `https://queue.example.com/${account}/orders`,
    /set endpoint to 'https:\/\/queue.example.com'/,
  ],
  ['a URL without TLS', `http://sqs.${region}.amazonaws.com/${account}/orders`, /set endpoint/],
  [
    'a URL of another region',
    `https://sqs.us-east-1.amazonaws.com/${account}/orders`,
    /is in us-east-1/,
  ],
  ['an ARN of another region', `arn:aws:sqs:us-east-1:${account}:orders`, /is in us-east-1/],
  ['a URL without a name', 'https://sqs.eu-west-1.amazonaws.com/', /must end in the name/],
  ['no name at all', 'or ders', /is no queue/],
  ['a FIFO queue', 'orders.fifo', /set fifo: true/],
])('%s is refused before anything is sent', async (_, native, text) => {
  await using transport = {
    driver: sqsTransport({ region, credentials, queues: { orders: native } }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await expect(transport.driver.openSender(orders, never)).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringMatching(text) as unknown,
  });
  await transport.driver.close();
});

test('a URL of the transport’s own region needs no endpoint', async () => {
  const driver = sqsTransport({
    region,
    credentials: () => Promise.reject(new Error('asked for credentials')),
    queues: { orders: url },
  });
  await expect(driver.openSender(orders, never)).rejects.toMatchObject({
    message: expect.not.stringContaining('set endpoint') as unknown,
  });
  await driver.close();
});

test.each([
  [{ waitSeconds: 21 }],
  [{ leaseMs: 1_999 }],
  [{ maxConcurrentReceives: 0 }],
  [{ maxMessageBytes: 2_000_000 }],
  [{ fifo: true, fairQueues: true }],
])('%j is refused', (options) => {
  expect(() => sqsTransport(options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});

test('clients that are passed in stay the caller’s, and are checked', async () => {
  await using server = await cannedServer();
  const client = new SQSClient({ region, credentials, endpoint: server.endpoint, maxAttempts: 1 });
  expect(() => sqsTransport({ client, receiveClient: client })).toThrow(/md5: false/);
  expect(() => sqsTransport({ client, region })).toThrow(/belong to the client/);
  const driver = sqsTransport({ client });
  const receiver = await driver.openReceiver!(
    orders,
    {
      prefetch: 1,
      clock: { ...(await import('@intermodal/core')).systemClock },
      onLane: () => Promise.resolve(),
      leaseMs: 2_000,
    },
    never,
  );
  await receiver.receive(1, never);
  expect(server.of('ReceiveMessage')).toHaveLength(1);
  await driver.close();
  await expect(sqsTransport({ client }).check(orders, never)).resolves.toBeUndefined();
  client.destroy();
});

test('credentials are looked up once for both clients', async () => {
  await using server = await cannedServer();
  let lookedUp = 0;
  const provider = (): Promise<typeof credentials> => {
    lookedUp += 1;
    return Promise.resolve(credentials);
  };
  await using driver = opened(server.endpoint, { credentials: provider, waitSeconds: 0 });
  await driver.sender();
  await (await driver.receiver()).receive(1, never);
  expect(lookedUp).toBe(1);
});

test('a queue has one group, by its tag or by what this process does', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  server.on('ListQueueTags', { result: { Tags: { 'intermodal:group': 'billing' } } });
  await expect(driver.receiver({}, { ...orders, group: 'shipping' })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining("'billing'") as unknown,
  });
  await driver.receiver({}, { ...orders, group: 'billing' });
  server.on('ListQueueTags', { error: 'AccessDeniedException', status: 403 });
  await expect(driver.receiver({}, { ...orders, group: 'shipping' })).rejects.toMatchObject({
    code: 'unsupported',
  });
  await driver.receiver({}, { ...orders, group: 'billing' });
});

test('a missing queue is found out when it is opened or checked', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint, { queues: { orders: { deadLetter: url } } });
  server.on('GetQueueUrl', { error: 'QueueDoesNotExist' });
  const notFound = { code: 'not-found', retryable: false, address: "sqs queue 'orders'" };
  await expect(driver.sender()).rejects.toMatchObject(notFound);
  await expect(driver.receiver()).rejects.toMatchObject(notFound);
  await expect(driver.transport.check(orders, never)).rejects.toMatchObject(notFound);
  server.on('GetQueueAttributes', { error: 'QueueDoesNotExist' });
  await expect(driver.sender(deadOrders)).rejects.toMatchObject({ code: 'not-found' });
});

test('a check without a channel proves credentials and endpoint, not permissions', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  server.on('ListQueues', { result: {} });
  await driver.transport.check(undefined, never);
  server.on('ListQueues', { error: 'AccessDeniedException', status: 403 });
  await driver.transport.check(undefined, never);
  server.on('ListQueues', { error: 'InvalidClientTokenId', status: 403 });
  await expect(driver.transport.check(undefined, never)).rejects.toMatchObject({
    code: 'permission-denied',
  });
});

test('the compiler knows what the options give', () => {
  const fifo = Math.random() > 2;
  expectTypeOf(sqsTransport({ region }).capabilities).toEqualTypeOf<SqsStandardCapabilities>();
  expectTypeOf(
    sqsTransport({ region, fifo: true }).capabilities,
  ).toEqualTypeOf<SqsFifoCapabilities>();
  expectTypeOf(sqsTransport({ region, fifo }).capabilities).toEqualTypeOf<
    SqsStandardCapabilities | SqsFifoCapabilities
  >();
  expect(sqsTransport({ region, fifo: true }).capabilities).toMatchObject({
    order: 'key',
    delay: false,
    dedupe: true,
  });
  expect(sqsTransport({ region }).capabilities).toMatchObject({
    order: 'none',
    delay: true,
    dedupe: false,
  });
});
