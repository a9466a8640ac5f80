import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { awsClientOptions } from './aws-client-options.ts';
import { startCannedSqs, type CannedSqs } from './canned-sqs-client.ts';

const QueueUrl = 'http://127.0.0.1/000000000000/q';
let canned: CannedSqs;
let sqs: SQSClient;

beforeAll(async () => {
  canned = await startCannedSqs();
  sqs = new SQSClient({ ...awsClientOptions('fauxqs', {}, canned.endpoint), maxAttempts: 1 });
});
afterAll(async () => {
  sqs.destroy();
  await canned.stop();
});

test('answers what the SDK checks, and counts', async () => {
  await canned.resetCounts();
  const Entries = ['a', 'é\u{1F600}'].map((MessageBody, index) => ({
    Id: String(index),
    MessageBody,
  }));
  const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['0', '1']);
  expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'q' }))).QueueUrl).toMatch(/\/q$/);
  const { operations } = await canned.counts();
  expect(operations['SendMessageBatch']).toEqual({ requests: 1, entries: 2 });
  expect((await canned.resetCounts()).operations).toEqual(operations);
  expect((await canned.counts()).operations).toEqual({});
});

test('hands out its backlog, each message with an id of its own', async () => {
  const attributes = { imkey: { DataType: 'String', StringValue: 'k' } };
  const messages = [
    { body: 'one' },
    { body: 'zwei ü', attributes, systemAttributes: { MessageGroupId: 'g' } },
  ];
  await canned.set({ backlog: 13, messages });
  const receive = async () =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))).Messages ??
    [];
  const received = [...(await receive()), ...(await receive())];
  expect(received).toHaveLength(13);
  expect(await receive()).toEqual([]);
  expect(new Set(received.map(({ MessageId }) => MessageId)).size).toBe(13);
  expect(received[1]).toMatchObject({
    Body: 'zwei ü',
    MessageAttributes: attributes,
    Attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'g' },
  });
  const Entries = received.slice(0, 10).map(({ ReceiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle,
    VisibilityTimeout: 1,
  }));
  const changed = await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  expect(changed.Successful).toHaveLength(10);
  const handles = Entries.map(({ Id, ReceiptHandle }) => ({ Id, ReceiptHandle }));
  const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: handles }));
  expect(deleted.Successful).toHaveLength(10);
});

test('a poll waits for a backlog', async () => {
  await canned.set({ backlog: 0 });
  const command = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 });
  const poll = sqs.send(command);
  await expect.poll(async () => (await canned.counts()).operations['ReceiveMessage']).toBeDefined();
  await canned.set({ backlog: 1 });
  expect((await poll).Messages).toHaveLength(1);
});

test('latency delays answers', async () => {
  await canned.set({ latencyMs: 30 });
  const began = performance.now();
  const names = ['MaximumMessageSize' as const];
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names });
  expect((await sqs.send(command)).Attributes?.MaximumMessageSize).toBe('1048576');
  expect(performance.now() - began).toBeGreaterThanOrEqual(29);
  await canned.set({ latencyMs: 0 });
});

test('takes what is published to SNS', async () => {
  const sns = new SNSClient({ ...awsClientOptions('fauxqs', {}, canned.endpoint), maxAttempts: 1 });
  const PublishBatchRequestEntries = ['a', 'b'].map((Message, index) => ({
    Id: String(index),
    Message,
  }));
  const TopicArn = 'arn:aws:sns:us-east-1:000000000000:t';
  const sent = await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
  expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['0', '1']);
  const { operations } = await canned.counts();
  expect(operations['PublishBatch']).toEqual({ requests: 1, entries: 2 });
  sns.destroy();
});
