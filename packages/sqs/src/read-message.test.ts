import type { Message } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { type ReadForm, readMessage } from './read-message.ts';

const form: ReadForm = { channel: 'orders', checksum: 'none', snsEnvelopes: 'unwrap' };

function native(changes: Partial<Message> = {}): Message {
  return {
    MessageId: 'broker-1',
    ReceiptHandle: 'handle-1',
    Body: 'text',
    Attributes: { ApproximateReceiveCount: '2', SentTimestamp: '1700000000000' },
    ...changes,
  };
}

function text(value: string): { DataType: string; StringValue: string } {
  return { DataType: 'String', StringValue: value };
}

const envelope = {
  Type: 'Notification',
  MessageId: 'sns-1',
  TopicArn: 'arn:aws:sns:eu-west-1:123456789012:orders',
  Subject: 'an order',
  Message: '{"id":1}',
  Timestamp: '2026-01-02T03:04:05.678Z',
  SignatureVersion: '1',
  Signature: 'c2ln',
  SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem',
  UnsubscribeURL: 'https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe',
  MessageAttributes: {
    tenant: { Type: 'String', Value: 'a' },
    blob: { Type: 'Binary', Value: 'AA==' },
  },
};

test('a message of the plain SDK is a delivery: the broker’s id, its attributes as headers', () => {
  const { message, attempt, undecodable } = readMessage(
    native({
      MessageAttributes: {
        tenant: text('a'),
        count: { DataType: 'Number', StringValue: '3' },
        json: { DataType: 'String.json', StringValue: '{}' },
        'content-type': text('text/plain'),
        blob: { DataType: 'Binary', BinaryValue: new Uint8Array([1]) },
      },
    }),
    form,
  );
  expect(undecodable).toBeUndefined();
  expect(attempt).toBe(2);
  expect(message).toMatchObject({
    id: 'broker-1',
    body: 'text',
    key: undefined,
    publishedAt: 1_700_000_000_000,
    contentType: 'text/plain',
  });
  expect(Object.fromEntries(message.headers)).toEqual({
    tenant: 'a',
    count: '3',
    json: '{}',
    'content-type': 'text/plain',
  });
});

test('an SNS message with raw delivery is one of the plain SDK, or ours', () => {
  const { message } = readMessage(
    native({ MessageAttributes: { imid: text('id-1'), imkey: text('k'), tenant: text('a') } }),
    form,
  );
  expect(message).toMatchObject({ id: 'id-1', key: 'k' });
  expect(Object.fromEntries(message.headers)).toEqual({ tenant: 'a' });
});

test('an SNS envelope is taken off', () => {
  const { message } = readMessage(native({ Body: JSON.stringify(envelope) }), form);
  expect(message).toMatchObject({
    id: 'sns-1',
    body: '{"id":1}',
    publishedAt: Date.parse(envelope.Timestamp),
  });
  expect(Object.fromEntries(message.headers)).toEqual({ tenant: 'a' });
});

test('a message of ours in an SNS envelope is ours', () => {
  const MessageAttributes = {
    imid: { Type: 'String', Value: 'id-1' },
    imenc: { Type: 'String', Value: 'base64' },
  };
  const { message } = readMessage(
    native({ Body: JSON.stringify({ ...envelope, Message: '/w==', MessageAttributes }) }),
    form,
  );
  expect(message).toMatchObject({ id: 'id-1', body: new Uint8Array([0xff]) });
  expect(message.headers.size).toBe(0);
});

test.each([
  ['it is kept by option', envelope, { ...form, snsEnvelopes: 'keep' as const }],
  ['it lacks the topic', { ...envelope, TopicArn: undefined }, form],
  ['its topic is none', { ...envelope, TopicArn: 'orders' }, form],
  ['its message is no text', { ...envelope, Message: { id: 1 } }, form],
  [
    'it is another type',
    { ...envelope, Type: 'SubscriptionConfirmation', x: 'Notification' },
    form,
  ],
  ['it lacks its time', { ...envelope, Timestamp: undefined }, form],
])('what looks like an SNS envelope stays a body where %s', (_, body, how) => {
  const Body = JSON.stringify(body);
  expect(readMessage(native({ Body }), how).message).toMatchObject({ id: 'broker-1', body: Body });
});

test('an application that forwards envelopes with Intermodal gets them back', () => {
  const Body = JSON.stringify(envelope);
  expect(
    readMessage(native({ Body, MessageAttributes: { imid: text('id-1') } }), form).message.body,
  ).toBe(Body);
});

test.each([
  ['{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}'],
  [
    '{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-01-01T00:00:00.000Z","Bucket":"b","RequestId":"r","HostId":"h"}',
  ],
])('S3 sends plain JSON: %s', (Body) => {
  const { message, undecodable } = readMessage(native({ Body }), form);
  expect(undecodable).toBeUndefined();
  expect(message).toMatchObject({ id: 'broker-1', body: Body });
});

test.each([
  ['an unknown encoding', { imenc: text('zstd') }, 'text'],
  ['base64 that is none', { imenc: text('base64') }, 'not base64!'],
  ['headers that are no JSON', { imheaders: text('{') }, 'text'],
])('%s makes one message undecodable, and it is handed on as it is', (_, attributes, Body) => {
  const { message, undecodable } = readMessage(
    native({ Body, MessageAttributes: { imid: text('id-1'), ...attributes } }),
    form,
  );
  expect(undecodable).toMatchObject({ code: 'invalid-message' });
  expect(message).toMatchObject({ id: 'id-1', body: Body });
  expect(message.headers.size).toBe(2);
});
