import type { SendOutcome, WireMessage } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { cannedServer } from '../test/canned-server.ts';
import { deadOrders, never, opened, wireMessage } from '../test/opened.ts';

async function outcomesOf(
  endpoint: string,
  messages: readonly WireMessage[],
  options: Parameters<typeof opened>[1] = {},
): Promise<readonly SendOutcome[]> {
  await using driver = opened(endpoint, options);
  const sender = await driver.sender();
  return await sender.send(
    messages.map((message) => sender.prepare(message)),
    never,
  );
}

function summary(outcome: SendOutcome | undefined): unknown {
  if (outcome === undefined || outcome.ok) return outcome;
  return [outcome.certainty, outcome.error.code, outcome.error.retryable];
}

test('each entry of a batch has its own outcome', async () => {
  await using server = await cannedServer();
  server.on('SendMessageBatch', {
    result: {
      Successful: [{ Id: '1', MessageId: 'broker-1' }],
      Failed: [
        { Id: '3', SenderFault: false, Code: 'InternalError' },
        { Id: '0', SenderFault: true, Code: 'InvalidMessageContents' },
        { Id: '2', SenderFault: true, Code: 'KMS.ThrottlingException' },
        { Id: '4', SenderFault: true, Code: 'Novel' },
        { Id: '5', SenderFault: false, Code: 'Novel' },
      ],
    },
  });
  const outcomes = await outcomesOf(
    server.endpoint,
    Array.from({ length: 7 }, () => wireMessage()),
  );
  expect(outcomes.map(summary)).toEqual([
    ['rejected', 'invalid-message', false],
    { ok: true, brokerId: 'broker-1' },
    ['rejected', 'throttled', true],
    ['unknown', 'unavailable', true],
    ['rejected', 'rejected', false],
    ['rejected', 'unavailable', true],
    ['unknown', 'unknown', true],
  ]);
});

test('an answer without any list says nothing about any entry', async () => {
  await using server = await cannedServer();
  server.on('SendMessageBatch', { result: {} });
  const outcomes = await outcomesOf(server.endpoint, [wireMessage()]);
  expect(outcomes.map(summary)).toEqual([['unknown', 'unknown', true]]);
});

test.each([
  [{ error: 'KmsThrottled', code: 'KMS.ThrottlingException' }, ['rejected', 'throttled', true]],
  [{ error: 'RequestThrottled', code: 'RequestThrottled' }, ['rejected', 'throttled', true]],
  [{ error: 'ThrottlingException' }, ['rejected', 'throttled', true]],
  [{ error: 'InternalError', status: 500 }, ['unknown', 'unavailable', true]],
  [{ raw: 'upstream went away', status: 502 }, ['unknown', 'unavailable', true]],
  [{ raw: 'slow down', status: 429 }, ['rejected', 'throttled', true]],
  [{ error: 'AccessDeniedException' }, ['rejected', 'permission-denied', false]],
  [
    { error: 'QueueDoesNotExist', code: 'AWS.SimpleQueueService.NonExistentQueue' },
    ['rejected', 'not-found', false],
  ],
  [{ error: 'ExpiredTokenException' }, ['rejected', 'unavailable', true]],
  [{ error: 'BatchRequestTooLong' }, ['rejected', 'too-large', false]],
  [{ raw: '{"Successful":[{"Id"', status: 200 }, ['unknown', 'unknown', true]],
  ['cut', ['unknown', 'unavailable', true]],
  ['silence', ['unknown', 'timeout', true]],
] as const)('a send that fails with %j is %j, and is not sent again', async (answer, expected) => {
  await using server = await cannedServer();
  server.on('SendMessageBatch', answer);
  const outcomes = await outcomesOf(server.endpoint, [wireMessage(), wireMessage()], {
    requestTimeoutMs: 300,
  });
  expect(outcomes.map(summary)).toEqual([expected, expected]);
  expect(server.of('SendMessageBatch')).toHaveLength(1);
});

test('a connection that was refused carried nothing', async () => {
  const server = await cannedServer();
  await using driver = opened(server.endpoint);
  const sender = await driver.sender();
  await server[Symbol.asyncDispose]();
  // The first one still finds the kept-alive socket.
  await sender.send([sender.prepare(wireMessage())], never);
  const [outcome] = await sender.send([sender.prepare(wireMessage())], never);
  expect(summary(outcome)).toEqual(['rejected', 'unavailable', true]);
});

test("core's bound on an unanswered send leaves its outcome unknown", async () => {
  await using server = await cannedServer();
  server.on('SendMessageBatch', 'silence');
  await using driver = opened(server.endpoint);
  const sender = await driver.sender();
  const bound = new AbortController();
  const sending = sender.send([sender.prepare(wireMessage())], bound.signal);
  await server.arrival('SendMessageBatch');
  bound.abort(new Error('too slow'));
  expect(summary((await sending)[0])).toEqual(['unknown', 'timeout', true]);
});

test('a sender dies with its queue, and not of anything else', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const sender = await driver.sender();
  server.on('SendMessageBatch', { error: 'RequestThrottled' });
  await sender.send([sender.prepare(wireMessage())], never);
  server.on('SendMessageBatch', { error: 'QueueDoesNotExist' });
  await sender.send([sender.prepare(wireMessage())], never);
  expect(await sender.dead).toMatchObject({ code: 'not-found', address: "sqs queue 'orders'" });
  const outcomes = await sender.send([sender.prepare(wireMessage())], never);
  expect(summary(outcomes[0])).toEqual(['rejected', 'closed', false]);
  expect(server.of('SendMessageBatch')).toHaveLength(2);
});

test('closing waits for what is under way, and is no error', async () => {
  await using server = await cannedServer();
  let answer: (() => void) | undefined;
  server.on(
    'SendMessageBatch',
    () =>
      new Promise((resolve) => {
        answer = () => {
          resolve({ result: { Successful: [{ Id: '0' }] } });
        };
      }),
  );
  await using driver = opened(server.endpoint);
  const sender = await driver.sender();
  const sending = sender.send([sender.prepare(wireMessage())], never);
  await server.arrival('SendMessageBatch');
  const closing = sender.close();
  answer?.();
  await closing;
  expect(await sending).toEqual([{ ok: true }]);
  expect(await sender.dead).toBeUndefined();
});

test('the size limit is the queue’s own, counted as the service counts', async () => {
  await using server = await cannedServer();
  server.on('GetQueueAttributes', { result: { Attributes: { MaximumMessageSize: '2048' } } });
  await using driver = opened(server.endpoint);
  const sender = await driver.sender();
  const overhead = sender.prepare(wireMessage({ body: 'x' })).bytes - 1;
  const body = 'ä'.repeat((2_048 - overhead) >> 1) + 'x'.repeat((2_048 - overhead) & 1);
  expect(sender.prepare(wireMessage({ body })).bytes).toBe(2_048);
  expect(() => sender.prepare(wireMessage({ body: `${body}x` }))).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  );
  expect(server.of('SendMessageBatch')).toHaveLength(0);
});

test('a publisher needs no permission to read attributes', async () => {
  await using server = await cannedServer();
  server.on('GetQueueAttributes', { error: 'AccessDeniedException', status: 403 });
  await using driver = opened(server.endpoint, { maxMessageBytes: 4_096 });
  const sender = await driver.sender();
  expect(() => sender.prepare(wireMessage({ body: 'x'.repeat(4_096) }))).toThrow(/takes 4096/);
});

test('a batch is as large as the service takes, and never larger', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  expect((await driver.sender()).limits).toMatchObject({
    maxBatchCount: 10,
    maxBatchBytes: 1_048_576,
    entries: 'independent',
  });
  server.on('GetQueueAttributes', { result: { Attributes: { MaximumMessageSize: '1024' } } });
  expect((await driver.sender()).limits.maxBatchBytes).toBe(262_144);
});

test('on FIFO queues the key is the group, the id tells repeats, and a dead letter is never one', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint, { fifo: true });
  const message = wireMessage({ id: 'one', key: 'customer-7' });
  for (const sender of [await driver.sender(), await driver.sender(deadOrders)]) {
    expect(sender.prepare(message).lane).toBe('customer-7');
    await sender.send([sender.prepare(message), sender.prepare(message)], never);
  }
  const [main, dead] = server
    .of('SendMessageBatch')
    .map(({ input }) =>
      (input['Entries'] as Record<string, unknown>[]).map(
        (entry) => entry['MessageDeduplicationId'],
      ),
    );
  expect(main).toEqual(['one', 'one']);
  expect(new Set([...(dead ?? []), 'one']).size).toBe(3);
  expect(server.of('SendMessageBatch')[1]!.input['QueueUrl']).toMatch(/orders_dlq\.fifo$/);
});
