import { createHash } from 'node:crypto';
import type { WireDelivery } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { type Answer, cannedServer } from '../test/canned-server.ts';
import { never, opened, settableClock } from '../test/opened.ts';

interface Canned {
  readonly body?: string;
  readonly md5?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

let handles = 0;

function received(...messages: readonly Canned[]): Answer {
  const Messages = messages.map(({ body = '{}', md5, attributes = {} }) => {
    handles += 1;
    return {
      MessageId: `message-${handles}`,
      ReceiptHandle: `handle-${handles}`,
      Body: body,
      MD5OfBody: md5 ?? createHash('md5').update(body).digest('hex'),
      Attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1700000000000', ...attributes },
    };
  });
  return { result: { Messages } };
}

/** An answer that the test gives when it wants to. */
function held(): { readonly rule: () => Promise<Answer>; readonly give: (answer: Answer) => void } {
  const { promise, resolve } = deferred<Answer>();
  return { rule: () => promise, give: resolve };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function bodies(deliveries: readonly WireDelivery[]): unknown[] {
  return deliveries.map(({ message }) => message.body);
}

test('an empty answer has no list of messages, and is no busy loop', async () => {
  await using server = await cannedServer();
  await using driver = opened(server.endpoint, { waitSeconds: 0 });
  const receiver = await driver.receiver();
  const before = performance.now();
  expect(await receiver.receive(10, never)).toEqual([]);
  expect(performance.now() - before).toBeGreaterThan(400);
});

test('one bad checksum is the fault of one delivery', async () => {
  await using server = await cannedServer();
  server.on(
    'ReceiveMessage',
    received({ body: 'a' }, { body: 'b', md5: 'f'.repeat(32) }, { body: 'c' }),
  );
  await using driver = opened(server.endpoint);
  const deliveries = await (await driver.receiver()).receive(10, never);
  expect(bodies(deliveries)).toEqual(['a', 'b', 'c']);
  expect(deliveries.map(({ undecodable }) => undecodable?.code)).toEqual([
    undefined,
    'invalid-message',
    undefined,
  ]);
});

test('a host without MD5 can still receive', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', received({ md5: 'f'.repeat(32) }));
  await using driver = opened(server.endpoint, { checksum: 'none' });
  const [delivery] = await (await driver.receiver()).receive(10, never);
  expect(delivery?.undecodable).toBeUndefined();
});

test('a lease counts from before the request, and a poll waits for at most half of it', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', received({}));
  await using driver = opened(server.endpoint);
  const clock = settableClock();
  const sentAt = clock.time;
  server.on('ReceiveMessage', () => {
    clock.time += 4_000; // as long as this poll took
    return received({});
  });
  const receiver = await driver.receiver({ clock, leaseMs: 9_500 });
  const [delivery] = await receiver.receive(3, never);
  expect(delivery?.leaseUntil).toBe(sentAt + 10_000);
  expect(server.of('ReceiveMessage')[0]!.input).toMatchObject({
    MaxNumberOfMessages: 3,
    VisibilityTimeout: 10,
    WaitTimeSeconds: 5,
    MessageAttributeNames: ['All'],
  });
  expect(receiver.limits.maxWaitMs).toBe(5_000);
});

test('attempts are the service’s count', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', received({}, { attributes: { ApproximateReceiveCount: '3' } }));
  await using driver = opened(server.endpoint);
  const deliveries = await (await driver.receiver()).receive(10, never);
  expect(deliveries.map(({ attempt, redelivered }) => [attempt, redelivered])).toEqual([
    [1, false],
    [3, true],
  ]);
});

test('polls never keep a settlement waiting for a socket', async () => {
  await using server = await cannedServer();
  const open = held();
  server.on('ReceiveMessage', (_, nth) => (nth === 1 ? received({}) : open.rule()));
  await using driver = opened(server.endpoint, { maxConcurrentReceives: 200 });
  const receiver = await driver.receiver();
  const [delivery] = await receiver.receive(1, never);
  const stop = new AbortController();
  const polls = Array.from({ length: 150 }, () => receiver.receive(1, stop.signal));
  await server.arrival('ReceiveMessage', 151);
  expect(await receiver.settle([{ token: delivery!.token, action: 'ack' }], never)).toEqual([
    'done',
  ]);
  open.give({ result: {} });
  stop.abort();
  await Promise.all(polls);
});

test('a stopped receive ends at once, its poll goes on, and what that brings is given back', async () => {
  await using server = await cannedServer();
  const open = held();
  server.on('ReceiveMessage', open.rule);
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const stop = new AbortController();
  const receiving = receiver.receive(10, stop.signal);
  const poll = await server.arrival('ReceiveMessage');
  stop.abort();
  expect(await receiving).toEqual([]);
  const closing = receiver.close(never);
  open.give(received({}, {}));
  expect(await closing).toEqual({ abandoned: 0 });
  expect(await poll.ended).toBe('answered');
  const [change] = server.of('ChangeMessageVisibilityBatch');
  expect(change!.input['Entries']).toMatchObject([
    { VisibilityTimeout: 0 },
    { VisibilityTimeout: 0 },
  ]);
  expect(await receiver.dead).toBeUndefined();
});

test('a poll that outlives the deadline is not aborted either', async () => {
  await using server = await cannedServer();
  const open = held();
  server.on('ReceiveMessage', open.rule);
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const receiving = receiver.receive(10, never);
  const poll = await server.arrival('ReceiveMessage');
  const deadline = new AbortController();
  const closing = receiver.close(deadline.signal);
  expect(await receiving).toEqual([]);
  deadline.abort();
  expect(await closing).toEqual({ abandoned: 0 });
  open.give(received({}));
  expect(await poll.ended).toBe('answered');
  await server.arrival('ChangeMessageVisibilityBatch');
});

test('what cannot be given back counts as abandoned', async () => {
  await using server = await cannedServer();
  const open = held();
  server.on('ReceiveMessage', open.rule);
  server.on('ChangeMessageVisibilityBatch', ({ Entries }) => ({
    result: {
      Failed: (Entries as { Id: string }[]).map(({ Id }) => ({
        Id,
        SenderFault: false,
        Code: 'InternalError',
      })),
    },
  }));
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  void receiver.receive(10, never);
  await server.arrival('ReceiveMessage');
  const closing = receiver.close(never);
  open.give(received({}, {}));
  expect(await closing).toEqual({ abandoned: 2 });
});

test('a receive after a pause takes over the poll that the pause left behind', async () => {
  await using server = await cannedServer();
  const open = held();
  server.on('ReceiveMessage', open.rule);
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const stop = new AbortController();
  const first = receiver.receive(5, stop.signal);
  await server.arrival('ReceiveMessage');
  stop.abort();
  await first;
  const second = receiver.receive(10, never);
  open.give(received({ body: 'kept' }));
  expect(bodies(await second)).toEqual(['kept']);
  expect(server.of('ReceiveMessage')).toHaveLength(1);
});

test('a FIFO receive whose answer was lost is repeated with its own id, and no other is', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', (_, nth) => (nth === 1 || nth === 2 ? 'cut' : received({})));
  await using driver = opened(server.endpoint, { fifo: true });
  const receiver = await driver.receiver();
  await expect(receiver.receive(4, never)).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
  await expect(receiver.receive(10, never)).rejects.toMatchObject({ code: 'unavailable' });
  await receiver.receive(2, never); // too few for what the lost answer may hold
  await receiver.receive(9, never);
  await receiver.receive(9, never);
  const [lost, again, fewer, repeated, next] = server
    .of('ReceiveMessage')
    .map(({ input }) => input);
  expect(again).toMatchObject({
    ReceiveRequestAttemptId: lost!['ReceiveRequestAttemptId'],
    MaxNumberOfMessages: 4,
  });
  expect(repeated).toMatchObject({
    ReceiveRequestAttemptId: lost!['ReceiveRequestAttemptId'],
    MaxNumberOfMessages: 4,
  });
  expect(new Set([lost, fewer, next].map((input) => input!['ReceiveRequestAttemptId'])).size).toBe(
    3,
  );
});

test('an attempt is not repeated once the service has forgotten it', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', (_, nth) => (nth === 1 ? 'cut' : received({})));
  await using driver = opened(server.endpoint, { fifo: true });
  const clock = settableClock();
  const receiver = await driver.receiver({ clock });
  await expect(receiver.receive(10, never)).rejects.toThrow(/connection broke/);
  clock.time += 300_000;
  await receiver.receive(10, never);
  const [first, second] = server
    .of('ReceiveMessage')
    .map(({ input }) => input['ReceiveRequestAttemptId']);
  expect(second).not.toBe(first);
});

test('standard queues know no attempt ids, and lanes are groups on FIFO queues alone', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', received({ attributes: { MessageGroupId: 'tenant-1' } }));
  for (const fifo of [false, true]) {
    await using driver = opened(server.endpoint, { fifo });
    const [delivery] = await (await driver.receiver()).receive(10, never);
    expect(delivery).toMatchObject({
      lane: fifo ? 'tenant-1' : undefined,
      message: { key: 'tenant-1' },
    });
  }
  const [standard, ordered] = server
    .of('ReceiveMessage')
    .map(({ input }) => typeof input['ReceiveRequestAttemptId']);
  expect([standard, ordered]).toEqual(['undefined', 'string']);
});

test('too many in flight is a reason to wait', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', { error: 'OverLimit' });
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  await expect(receiver.receive(10, never)).rejects.toMatchObject({
    code: 'throttled',
    retryable: true,
  });
});

test.each([
  ['QueueDoesNotExist', 'not-found'],
  ['AccessDeniedException', 'permission-denied'],
])('a receiver dies of %s', async (error, code) => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', { error });
  await using driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  await expect(receiver.receive(10, never)).rejects.toMatchObject({ code, retryable: false });
  expect(await receiver.dead).toMatchObject({ code });
  expect(await receiver.receive(10, never)).toEqual([]);
  expect(server.of('ReceiveMessage')).toHaveLength(1);
});

test('a poll into a dead network is given up, after its waiting time', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', 'silence');
  await using driver = opened(server.endpoint, { requestTimeoutMs: 200, waitSeconds: 0 });
  const receiver = await driver.receiver();
  await expect(receiver.receive(10, never)).rejects.toMatchObject({
    code: 'timeout',
    retryable: true,
  });
});

test('closing the transport leaves no socket open', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', 'silence');
  const driver = opened(server.endpoint);
  const receiver = await driver.receiver();
  const receiving = receiver.receive(10, never);
  await server.arrival('ReceiveMessage');
  await receiver.close(AbortSignal.abort());
  await receiving;
  await driver.transport.close();
  await expect.poll(() => server.openSockets).toBe(0);
});
