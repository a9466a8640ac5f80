import { SNSClient } from '@aws-sdk/client-sns';
import type { Sender, SendOutcome, WireMessage } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { snsTransport } from './transport.ts';

const never = new AbortController().signal;
const topics = { orders: 'arn:aws:sns:eu-west-1:210987654321:orders' };

type Answers = Readonly<Record<string, object | Error>>;

/** A sender to a topic of another account, whose service answers so. */
async function senderTo(answers: Answers): Promise<Sender> {
  const client = new SNSClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  client.middlewareStack.add(
    (_, { commandName = '' }) =>
      () => {
        const answer = answers[commandName.replace(/Command$/, '')] ?? {};
        if (answer instanceof Error) return Promise.reject(answer);
        const output = { $metadata: {}, ...answer };
        return Promise.resolve({ output, response: undefined });
      },
    { step: 'initialize', priority: 'high' },
  );
  const queues = { region: 'eu-west-1' };
  return snsTransport({ client, topics, queues }).openSender(
    { channel: 'orders', role: 'main' },
    never,
  );
}

function named(name: string): Error {
  return Object.assign(new Error('secret'), { name });
}

function wire(bytes: number): WireMessage {
  return { id: 'one', channel: 'orders', headers: new Map(), body: 'x'.repeat(bytes) };
}

test('the topic says how large messages and batches may be', async () => {
  const Attributes = { MaximumMessageSize: '1048576' };
  const sender = await senderTo({ GetTopicAttributes: { Attributes } });
  expect(sender.limits.maxBatchBytes).toBe(1_048_576);
  expect(sender.prepare(wire(1_000_000)).bytes).toBeGreaterThan(1_000_000);
  const small = await senderTo({
    GetTopicAttributes: { Attributes: { MaximumMessageSize: '2000' } },
  });
  expect(small.limits.maxBatchBytes).toBe(2_000);
});

test('a publisher needs no permission to read attributes', async () => {
  const sender = await senderTo({ GetTopicAttributes: named('AuthorizationErrorException') });
  expect(sender.limits.maxBatchBytes).toBe(262_144);
  expect(() => sender.prepare(wire(262_145))).toThrow(
    expect.objectContaining({ code: 'too-large', transport: 'sns' }),
  );
});

test('a topic that is not there is told at once', async () => {
  const opening = senderTo({ GetTopicAttributes: named('NotFoundException') });
  await expect(opening).rejects.toMatchObject({ code: 'not-found', transport: 'sns' });
});

test('each entry of a batch has its own outcome', async () => {
  const sender = await senderTo({
    PublishBatch: {
      Successful: [{ Id: '1', MessageId: 'broker-1' }],
      Failed: [
        { Id: '0', Code: 'InternalError', SenderFault: false },
        { Id: '2', Code: 'KMSThrottling', SenderFault: true },
        { Id: '3', Code: 'InvalidParameter', SenderFault: true },
      ],
    },
  });
  const batch = Array.from({ length: 5 }, () => sender.prepare(wire(1)));
  const outcomes = await sender.send(batch, never);
  const summary = (outcome: SendOutcome): unknown =>
    outcome.ok ? outcome : [outcome.certainty, outcome.error.code, outcome.error.retryable];
  expect(outcomes.map(summary)).toEqual([
    ['unknown', 'unavailable', true],
    { ok: true, brokerId: 'broker-1' },
    ['rejected', 'throttled', true],
    ['rejected', 'invalid-argument', false],
    ['unknown', 'unknown', true],
  ]);
});

test.each([
  [{ fifo: true, fairQueues: true }, /fairQueues is for standard topics/],
  [{ accountId: '1' }, /twelve digits/],
  [{ maxMessageBytes: 1 }, /maxMessageBytes/],
  [{ attributeTypes: { a: 'Binary' } }, /'a' must be 'Number' or 'String.Array'/],
  [{ filters: { orders: { all: { scope: 'body', policy: {} } } } }, /an empty policy/],
])('options %j are refused', (options, text) => {
  expect(() => snsTransport(options as Parameters<typeof snsTransport>[0])).toThrow(text);
});
