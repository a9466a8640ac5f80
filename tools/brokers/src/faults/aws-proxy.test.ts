import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageBatchCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsClientOptions } from '../aws-client-options.ts';
import { startAwsProxy, type AwsProxy } from './aws-proxy.ts';
import {
  corruptMd5,
  delayReply,
  failCall,
  failEntries,
  holdReply,
  loseReply,
  loseRequest,
  serverError,
  throttle,
} from './aws-rules.ts';
import { AwsRefusal, cannedAws, type CannedAnswer } from './canned-aws.ts';

const QueueUrl = 'http://127.0.0.1/000000000000/q';
const md5OfX = '9dd4e461268c8034f5c8564e155c67a6';
const md5OfY = '415290769594460e2e485922904f345d';

interface Entries {
  readonly Entries: readonly { readonly Id: string; readonly MessageBody?: string }[];
}

const succeed: CannedAnswer = (input) => ({
  Successful: (input as unknown as Entries).Entries.map(({ Id }) => ({
    Id,
    MessageId: `m-${Id}`,
    MD5OfMessageBody: md5OfX,
  })),
});

let service: AwsProxy;
let proxy: AwsProxy;
let sqs: SQSClient;
let sns: SNSClient;

beforeEach(async () => {
  service = await cannedAws({
    'AmazonSQS.SendMessage': () => ({ MessageId: 'm', MD5OfMessageBody: md5OfX }),
    'AmazonSQS.SendMessageBatch': succeed,
    'AmazonSQS.DeleteMessageBatch': succeed,
    'AmazonSQS.ReceiveMessage': () => ({
      Messages: [
        { MessageId: '1', ReceiptHandle: 'r1', Body: 'x', MD5OfBody: md5OfX },
        { MessageId: '2', ReceiptHandle: 'r2', Body: 'y', MD5OfBody: md5OfY },
      ],
    }),
    'AmazonSNS.Publish': ({ Message }) => ({ MessageId: `<${String(Message)}>` }),
    'AmazonSNS.PublishBatch': ({ PublishBatchRequestEntries: entries }) => ({
      Successful: (entries as { Id: string }[]).map(({ Id }) => ({ Id, MessageId: `m-${Id}` })),
      Failed: [],
    }),
  });
  proxy = await startAwsProxy(service.endpoint);
  const options = { ...awsClientOptions('fauxqs', {}, proxy.endpoint), maxAttempts: 1 };
  sqs = new SQSClient(options);
  sns = new SNSClient(options);
});

afterEach(async () => {
  sqs.destroy();
  sns.destroy();
  await proxy.stop();
  await service.stop();
});

const send = (): Promise<unknown> =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
const sendBatch = (...ids: readonly string[]) =>
  sqs.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: ids.map((Id) => ({ Id, MessageBody: 'x' })),
    }),
  );

describe('errors', () => {
  test('a throttled call fails as the service would make it fail, the next one passes', async () => {
    proxy.inject(throttle({ operation: 'SendMessage' }));
    await expect(send()).rejects.toMatchObject({
      name: 'RequestThrottled',
      Code: 'RequestThrottled',
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
    await send();
    expect(service.count('SendMessage').requests).toBe(1);
  });

  test('the SDK retries what it takes for throttling, and gives up', async () => {
    const patient = new SQSClient({
      ...awsClientOptions('fauxqs', {}, proxy.endpoint),
      maxAttempts: 2,
    });
    proxy.inject(throttle({ operation: 'SendMessage' }));
    await patient.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    patient.destroy();
    expect(proxy.count('SendMessage').requests).toBe(2);
    expect(proxy.calls.map(({ status, faults }) => ({ status, faults }))).toEqual([
      { status: 400, faults: ['error'] },
      { status: 200, faults: [] },
    ]);
  });

  test('errors that SQS names twice carry both names', async () => {
    proxy.inject(failCall({}, { name: 'KmsThrottled' }));
    await expect(send()).rejects.toMatchObject({
      name: 'KmsThrottled',
      Code: 'KMS.ThrottlingException',
    });
    proxy.inject(failCall({}, { name: 'QueueDoesNotExist' }));
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'q' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    });
  });

  test('an error of the service is one', async () => {
    proxy.inject(serverError({}, 503));
    await expect(send()).rejects.toMatchObject({
      $fault: 'server',
      $metadata: { httpStatusCode: 503 },
    });
  });

  test('in the Query protocol too', async () => {
    proxy.inject(failCall({ operation: 'Publish' }, { name: 'Throttled', status: 429 }));
    const publish = (): Promise<unknown> =>
      sns.send(new PublishCommand({ TopicArn: 'arn', Message: 'a&b=é' }));
    await expect(publish()).rejects.toMatchObject({ $metadata: { httpStatusCode: 429 } });
    expect(await publish()).toMatchObject({ MessageId: '<a&b=é>' });
  });
});

describe('entries of batches', () => {
  test('the chosen ones are refused, the service sees the others', async () => {
    const error = { code: 'InternalError', message: 'not now' };
    proxy.inject(failEntries({ operation: 'SendMessageBatch' }, ({ Id }) => Id === 'b', error));
    const { Successful, Failed } = await sendBatch('a', 'b', 'c');
    expect(Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(Failed).toEqual([
      { Id: 'b', SenderFault: false, Code: 'InternalError', Message: 'not now' },
    ]);
    expect(service.count('SendMessageBatch')).toEqual({ requests: 1, entries: 2 });
    expect((await sendBatch('b')).Failed).toBeUndefined();
  });

  test('the service hears nothing of a batch that is refused whole', async () => {
    proxy.inject(
      failEntries({}, () => true, { code: 'ReceiptHandleIsInvalid', senderFault: true }),
    );
    const Entries = [{ Id: 'a', ReceiptHandle: 'r' }];
    const answer = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    expect(answer.Failed).toMatchObject([{ Id: 'a', SenderFault: true }]);
    expect(answer.Successful).toBeUndefined();
    expect(service.count().requests).toBe(0);
  });

  test('of SNS as well', async () => {
    proxy.inject(failEntries({ operation: 'PublishBatch' }, (_, index) => index === 0));
    const entries = ['a', 'b'].map((Id) => ({
      Id,
      Message: 'x',
      MessageAttributes: { one: { DataType: 'String', StringValue: '1' } },
    }));
    const command = new PublishBatchCommand({
      TopicArn: 'arn',
      PublishBatchRequestEntries: entries,
    });
    const { Successful, Failed } = await sns.send(command);
    expect(Successful).toEqual([{ Id: 'b', MessageId: 'm-b' }]);
    expect(Failed).toMatchObject([{ Id: 'a', Code: 'InternalError', SenderFault: false }]);
    const attribute = { Name: 'one', Value: { DataType: 'String', StringValue: '1' } };
    expect(service.calls[0]!.input['PublishBatchRequestEntries']).toEqual([
      { Id: 'b', Message: 'x', MessageAttributes: [attribute] },
    ]);
  });

  test('answered by position, in their places', async () => {
    const stream = await cannedAws({
      'Kinesis_20131202.PutRecords': ({ Records }) => ({
        FailedRecordCount: 0,
        Records: (Records as { Data: string }[]).map(({ Data }) => ({ SequenceNumber: Data })),
      }),
    });
    const before = await startAwsProxy(stream.endpoint);
    before.inject(failEntries({}, (_, index) => index === 1, { code: 'InternalFailure' }));
    const response = await fetch(before.endpoint, {
      method: 'POST',
      headers: {
        'x-amz-target': 'Kinesis_20131202.PutRecords',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: JSON.stringify({ Records: ['1', '2', '3'].map((Data) => ({ Data })) }),
    });
    expect(await response.json()).toEqual({
      FailedRecordCount: 1,
      Records: [
        { SequenceNumber: '1' },
        { ErrorCode: 'InternalFailure', ErrorMessage: 'InternalFailure, injected' },
        { SequenceNumber: '3' },
      ],
    });
    await before.stop();
    await stream.stop();
  });
});

describe('replies', () => {
  test('a lost reply: the service did it, the caller cannot know', async () => {
    proxy.inject(loseReply({ operation: 'SendMessage' }));
    await expect(send()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(service.count('SendMessage').requests).toBe(1);
    expect(proxy.calls.at(-1)).toMatchObject({ status: 0, aborted: false });
  });

  test('a lost request: the service never heard of it', async () => {
    proxy.inject(loseRequest({ operation: 'SendMessage' }));
    await expect(send()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(service.count('SendMessage').requests).toBe(0);
  });

  test('a held reply waits until it is let go', async () => {
    const { rule, release } = holdReply({ operation: 'SendMessage', times: Infinity });
    proxy.inject(rule);
    const sent = send();
    await service.until(() => service.count('SendMessage').requests === 1);
    expect(proxy.pending('SendMessage')).toBe(1);
    release();
    await sent;
    expect(proxy.pending()).toBe(0);
  });

  test('a delayed reply comes', async () => {
    proxy.inject(delayReply({ operation: 'SendMessage' }, 5));
    expect(await send()).toMatchObject({ MessageId: 'm' });
  });

  test('a caller that goes away is seen', async () => {
    const { rule, release } = holdReply({ operation: 'SendMessage' });
    proxy.inject(rule);
    const abort = new AbortController();
    const sent = sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }), {
      abortSignal: abort.signal,
    });
    await service.until(() => service.count('SendMessage').requests === 1);
    abort.abort();
    await expect(sent).rejects.toThrow('abort');
    await proxy.until(() => proxy.calls[0]!.aborted);
    release();
    await proxy.until(() => proxy.pending() === 0);
  });

  test('one bad checksum makes the SDK refuse the whole receive', async () => {
    proxy.inject(corruptMd5(({ MessageId }) => MessageId === '2'));
    const receive = (): Promise<unknown> => sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    await expect(receive()).rejects.toThrow('Invalid MD5 checksum');
    expect(await receive()).toMatchObject({ Messages: [{ Body: 'x' }, { Body: 'y' }] });
  });
});

describe('rules', () => {
  test('hold as often as they say, for the operations they name', async () => {
    proxy.inject(throttle({ operation: ['SendMessage', 'ReceiveMessage'], times: 2 }));
    await sendBatch('a');
    await expect(send()).rejects.toThrow('Rate exceeded');
    await expect(send()).rejects.toThrow('Rate exceeded');
    await send();
  });

  test('can look at the call, and be taken away', async () => {
    const remove = proxy.inject(
      throttle({ times: Infinity, when: ({ input }) => input['MessageBody'] === 'x' }),
    );
    await sendBatch('a');
    await expect(send()).rejects.toThrow('Rate exceeded');
    remove();
    await send();
    proxy.inject(throttle({ times: Infinity }));
    proxy.clear();
    await send();
  });

  test('several can hold at once', async () => {
    proxy.inject(failEntries({}, ({ Id }) => Id === 'a'));
    proxy.inject(failEntries({}, ({ Id }) => Id === 'b', { code: 'Other' }));
    const { Failed, Successful } = await sendBatch('a', 'b', 'c');
    expect(Failed?.map(({ Id, Code }) => [Id, Code])).toEqual([
      ['a', 'InternalError'],
      ['b', 'Other'],
    ]);
    expect(Successful).toHaveLength(1);
  });
});

describe('counting', () => {
  test('requests and entries, by operation', async () => {
    await sendBatch('a', 'b', 'c');
    await sendBatch('d');
    await send();
    expect(proxy.count('SendMessageBatch')).toEqual({ requests: 2, entries: 4 });
    expect(proxy.count()).toEqual({ requests: 3, entries: 5 });
    proxy.resetCounts();
    expect(proxy.count()).toEqual({ requests: 0, entries: 0 });
    expect(proxy.calls).toHaveLength(3);
    expect(proxy.calls[0]).toMatchObject({ target: 'AmazonSQS.SendMessageBatch', status: 200 });
  });
});

describe('canned answers', () => {
  test('leave the rest to the emulator behind, refuse, and say when they break', async () => {
    const canned = await cannedAws(
      {
        'AmazonSQS.StartMessageMoveTask': ({ SourceArn }) => ({
          TaskHandle: `t-${String(SourceArn)}`,
        }),
        'AmazonSQS.SendMessage': ({ MessageBody }) =>
          MessageBody === 'x' ? undefined : { MessageId: 'canned' },
        'AmazonSQS.GetQueueUrl': () => {
          throw new AwsRefusal({ name: 'QueueDoesNotExist' });
        },
        'AmazonSQS.ReceiveMessage': () => {
          throw new Error('mistake');
        },
      },
      service.endpoint,
    );
    const options = { ...awsClientOptions('fauxqs', {}, canned.endpoint), maxAttempts: 1 };
    const client = new SQSClient({ ...options, md5: false });
    const moved = await client.send(new StartMessageMoveTaskCommand({ SourceArn: 'arn' }));
    expect(moved.TaskHandle).toBe('t-arn');
    const bodies = ['x', 'y'].map((MessageBody) =>
      client.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    );
    expect((await Promise.all(bodies)).map(({ MessageId }) => MessageId)).toEqual(['m', 'canned']);
    await expect(client.send(new GetQueueUrlCommand({ QueueName: 'q' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
    await expect(client.send(new ReceiveMessageCommand({ QueueUrl }))).rejects.toThrow('mistake');
    client.destroy();
    await canned.stop();
  });

  test('what nobody answers is InvalidAction', async () => {
    const client = new SQSClient(awsClientOptions('fauxqs', {}, service.endpoint));
    const url = client.send(new GetQueueUrlCommand({ QueueName: 'q' }));
    await expect(url).rejects.toMatchObject({ name: 'InvalidAction' });
    client.destroy();
  });
});
