import type { Receiver, Token } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { cannedServer, type CannedServer } from '../test/canned-server.ts';
import { never, opened, settableClock } from '../test/opened.ts';

const day = 86_400_000;

/** As many deliveries as are asked for, over as many receives as it takes. */
async function tokensOf(server: CannedServer, receiver: Receiver, count: number): Promise<Token[]> {
  let next = 0;
  server.on('ReceiveMessage', ({ MaxNumberOfMessages: max }) => ({
    result: {
      Messages: Array.from({ length: Number(max) }, () => {
        next += 1;
        return { MessageId: String(next), ReceiptHandle: `handle-${next}`, Body: 'x' };
      }),
    },
  }));
  const tokens: Token[] = [];
  while (tokens.length < count) {
    for (const { token } of await receiver.receive(count - tokens.length, never))
      tokens.push(token);
  }
  return tokens;
}

function entriesOf(server: CannedServer, operation: string): unknown[][] {
  return server
    .of(operation)
    .map(({ input }) =>
      (input['Entries'] as Record<string, unknown>[]).map(({ ReceiptHandle, VisibilityTimeout }) =>
        VisibilityTimeout === undefined ? ReceiptHandle : [ReceiptHandle, VisibilityTimeout],
      ),
    );
}

test('settlements go out in as few requests as possible', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const [first, second, third, fourth] = await tokensOf(server, receiver, 4);
  const outcomes = await receiver.settle(
    [
      { token: first!, action: 'ack' },
      { token: second!, action: 'retry', delayMs: 1_001, attempt: 1 },
      { token: third!, action: 'ack' },
      { token: fourth!, action: 'release' },
    ],
    never,
  );
  expect(outcomes).toEqual(['done', 'done', 'done', 'done']);
  expect(entriesOf(server, 'DeleteMessageBatch')).toEqual([['handle-1', 'handle-3']]);
  expect(entriesOf(server, 'ChangeMessageVisibilityBatch')).toEqual([
    [
      ['handle-2', 2],
      ['handle-4', 0],
    ],
  ]);
});

test('on FIFO queues visibility changes keep the order of their batch, over several requests too', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint, { fifo: true });
  const receiver = await driver.receiver();
  const tokens = await tokensOf(server, receiver, 12);
  const followers = tokens.slice(1).map((token) => ({ token, action: 'release' as const }));
  await receiver.settle(
    [...followers, { token: tokens[0]!, action: 'retry', delayMs: 0, attempt: 1 }],
    never,
  );
  const order = entriesOf(server, 'ChangeMessageVisibilityBatch')
    .flat()
    .map((entry) => (entry as unknown[])[0]);
  expect(order).toEqual([
    ...Array.from({ length: 11 }, (_, index) => `handle-${index + 2}`),
    'handle-1',
  ]);
});

test('each settlement has its own outcome; a stale handle is a lost lease', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const tokens = await tokensOf(server, receiver, 6);
  const expired = {
    SenderFault: true,
    Code: 'InvalidParameterValue',
    Message:
      'Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.',
  };
  server.on('DeleteMessageBatch', {
    result: {
      Successful: [{ Id: '2' }],
      Failed: [
        { Id: '0', SenderFault: true, Code: 'ReceiptHandleIsInvalid' },
        { Id: '1', SenderFault: false, Code: 'InternalError' },
        { Id: '3', ...expired },
        { Id: '4', SenderFault: true, Code: 'AWS.SimpleQueueService.MessageNotInflight' },
      ],
    },
  });
  const outcomes = await receiver.settle(
    tokens.map((token) => ({ token, action: 'ack' })),
    never,
  );
  expect(outcomes).toEqual([
    'lost',
    { failed: expect.objectContaining({ code: 'unavailable', retryable: true }) as unknown },
    'done',
    'lost',
    'lost',
    { failed: expect.objectContaining({ code: 'unknown', retryable: true }) as unknown },
  ]);
});

test('a request that fails as a whole fails each of its entries, and can be tried again', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const [token] = await tokensOf(server, receiver, 1);
  for (const answer of ['cut', { error: 'RequestThrottled' }] as const) {
    server.on('DeleteMessageBatch', answer);
    const [outcome] = await receiver.settle([{ token: token!, action: 'ack' }], never);
    expect(outcome).toMatchObject({ failed: { retryable: true } });
  }
});

test('who may not delete must not go on consuming', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const [token] = await tokensOf(server, receiver, 1);
  server.on('DeleteMessageBatch', { error: 'AccessDeniedException' });
  const [outcome] = await receiver.settle([{ token: token!, action: 'ack' }], never);
  expect(outcome).toMatchObject({ failed: { code: 'permission-denied' } });
  expect(await receiver.dead).toMatchObject({ code: 'permission-denied' });
});

test('a token settles nothing at another receiver, nor after its own was closed', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const [receiver, other] = [await driver.receiver(), await driver.receiver()];
  const [token] = await tokensOf(server, receiver, 1);
  const ack = [{ token: token!, action: 'ack' }] as const;
  expect(await other.settle(ack, never)).toEqual(['lost']);
  expect(await other.extend!([token!], 10_000, never)).toEqual(['lost']);
  await receiver.close(never);
  expect(await receiver.settle(ack, never)).toEqual(['lost']);
  expect(await receiver.extend!([token!], 10_000, never)).toEqual(['lost']);
  expect(server.of('DeleteMessageBatch')).toHaveLength(0);
  expect(server.of('ChangeMessageVisibilityBatch')).toHaveLength(0);
});

test('an extension counts from before its request and shortens no lease', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const clock = settableClock();
  const receiver = await driver.receiver({ clock, leaseMs: 20_000 });
  const tokens = await tokensOf(server, receiver, 12);
  const sentAt = clock.time;
  server.on('ChangeMessageVisibilityBatch', ({ Entries }) => {
    clock.time += 1_000;
    return { result: { Successful: (Entries as { Id: string }[]).map(({ Id }) => ({ Id })) } };
  });
  expect(await receiver.extend!(tokens, 30_500, never)).toEqual(
    tokens.map(() => ({ leaseUntil: sentAt + 31_000 })),
  );
  expect(server.of('ChangeMessageVisibilityBatch')).toHaveLength(2);
  await receiver.extend!([tokens[0]!], 1, never);
  expect(entriesOf(server, 'ChangeMessageVisibilityBatch')[2]).toEqual([['handle-1', 20]]);
});

test('no lease goes beyond twelve hours after the receipt: the last is shorter, then it is lost', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const clock = settableClock();
  const receiver = await driver.receiver({ clock, leaseMs: 60_000 });
  const receivedAt = clock.time;
  const [token] = await tokensOf(server, receiver, 1);
  const end = receivedAt + day / 2;
  clock.time = end - 40_000;
  expect(await receiver.extend!([token!], 60_000, never)).toEqual([{ leaseUntil: end }]);
  clock.time = end - 30_000;
  await receiver.settle([{ token: token!, action: 'retry', delayMs: day, attempt: 1 }], never);
  clock.time = end - 999;
  expect(await receiver.extend!([token!], 60_000, never)).toEqual(['lost']);
  expect(entriesOf(server, 'ChangeMessageVisibilityBatch')).toEqual([
    [['handle-1', 40]],
    [['handle-1', 30]],
  ]);
});

test('a retry never asks for more than twelve hours', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver({ clock: settableClock() });
  const [token] = await tokensOf(server, receiver, 1);
  await receiver.settle([{ token: token!, action: 'retry', delayMs: 7 * day, attempt: 1 }], never);
  expect(entriesOf(server, 'ChangeMessageVisibilityBatch')).toEqual([[['handle-1', 43_200]]]);
});
