import { SNSClient } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import { payloadText, type SnsPayload } from './payload.ts';
import { snsNotifier, type SnsNotifier } from './notifier.ts';

interface Scene {
  readonly notifier: SnsNotifier;
  readonly inputs: unknown[];
}

function scene(failure?: Error): Scene {
  const inputs: unknown[] = [];
  const client = new SNSClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  client.middlewareStack.add(
    () => (args) => {
      inputs.push(args.input);
      if (failure !== undefined) return Promise.reject(failure);
      return Promise.resolve({ output: { $metadata: {}, MessageId: 'm' }, response: undefined });
    },
    { step: 'initialize', priority: 'high' },
  );
  return { notifier: snsNotifier({ client }), inputs };
}

const endpoint = 'arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/shop/8a7b';
const topic = 'arn:aws:sns:eu-west-1:123456789012:news';

test('each platform has its payload as text', async () => {
  const { notifier, inputs } = scene();
  const payload: SnsPayload = {
    default: 'Hello',
    GCM: { notification: { title: 'Hello' } },
    APNS: { aps: { alert: 'Hello' } },
  };
  expect(await notifier.push(endpoint, payload)).toEqual({ id: 'm' });
  const Message =
    '{"default":"Hello","GCM":"{\\"notification\\":{\\"title\\":\\"Hello\\"}}","APNS":"{\\"aps\\":{\\"alert\\":\\"Hello\\"}}"}';
  expect(inputs).toEqual([{ TargetArn: endpoint, Message, MessageStructure: 'json' }]);
});

test('an endpoint that is disabled is an error of its own, which does not name the device', async () => {
  const failure = Object.assign(new Error('Endpoint is disabled'), {
    name: 'EndpointDisabledException',
  });
  const { notifier } = scene(failure);
  const pushing = notifier.push(endpoint, { default: 'Hello' });
  await expect(pushing).rejects.toMatchObject({ code: 'endpoint-disabled', retryable: false });
  await expect(pushing).rejects.not.toThrow(/8a7b|Hello/);
});

test('an SMS says who sends it, how and for how much', async () => {
  const { notifier, inputs } = scene();
  await notifier.sms('+41790000000', 'Hello', {
    senderId: 'Shop',
    type: 'Transactional',
    maxPriceUsd: 0.5,
  });
  await notifier.sms('+41790000000', 'Hello');
  expect(inputs).toEqual([
    {
      PhoneNumber: '+41790000000',
      Message: 'Hello',
      MessageAttributes: {
        'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue: 'Shop' },
        'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' },
        'AWS.SNS.SMS.MaxPrice': { DataType: 'Number', StringValue: '0.5' },
      },
    },
    { PhoneNumber: '+41790000000', Message: 'Hello', MessageAttributes: {} },
  ]);
});

test('a topic’s subscribers get each the form of their protocol', async () => {
  const { notifier, inputs } = scene();
  await notifier.topic(topic, { default: 'x', email: 'Dear all', sms: 'Hi' }, { subject: 'News' });
  expect(inputs).toEqual([
    {
      TopicArn: topic,
      Subject: 'News',
      Message: '{"default":"x","email":"Dear all","sms":"Hi"}',
      MessageStructure: 'json',
    },
  ]);
});

test.each<[string, (notifier: SnsNotifier) => Promise<unknown>]>([
  ['a topic for an endpoint', (it) => it.push(topic, { default: 'x' })],
  ['an endpoint for a topic', (it) => it.topic(endpoint, { default: 'x' })],
  ['a number with spaces', (it) => it.sms('+41 79 000 00 00', 'x')],
  ['a national number', (it) => it.sms('0790000000', 'x')],
  ['an empty SMS', (it) => it.sms('+41790000000', '')],
  ['a long SMS', (it) => it.sms('+41790000000', 'x'.repeat(1_601))],
  ['a long sender', (it) => it.sms('+41790000000', 'x', { senderId: 'ABCDEFGHIJKL' })],
  ['a negative price', (it) => it.sms('+41790000000', 'x', { maxPriceUsd: -1 })],
])('%s is refused before anything is sent', async (_, send) => {
  const { notifier, inputs } = scene();
  await expect(send(notifier)).rejects.toMatchObject({ code: 'invalid-argument' });
  expect(inputs).toEqual([]);
});

test.each([
  [{}, /must have a default/],
  [{ default: 1 }, /default must be text/],
  [{ default: 'x', GCM: '{}' }, /GCM must be an object/],
  [{ default: 'x', email: {} }, /email must be text/],
  [{ default: 'x', FCM: {} }, /neither a platform nor a protocol 'FCM'/],
])('the payload %j is refused', (payload, text) => {
  expect(() => payloadText(payload as unknown as SnsPayload)).toThrow(text);
});
