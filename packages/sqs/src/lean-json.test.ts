import {
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { cannedServer, region } from '../test/canned-server.ts';
import { credentials } from '../test/opened.ts';
import { speakLeanJson } from './lean-json.ts';

const QueueUrl = 'http://127.0.0.1/123456789012/orders';

function pair(endpoint: string): readonly [plain: SQSClient, lean: SQSClient] {
  const config = {
    endpoint,
    region,
    credentials,
    md5: false as const,
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  };
  const [plain, lean] = [new SQSClient(config), new SQSClient(config)];
  speakLeanJson(lean);
  return [plain, lean];
}

const batch: SendMessageBatchCommandInput = {
  QueueUrl,
  Entries: [
    {
      Id: '0',
      MessageBody: 'quotes " and \\ and \u2028 and \u0000 and 😀',
      DelaySeconds: 3,
      MessageGroupId: 'g',
      MessageDeduplicationId: 'd',
      MessageAttributes: { näme: { DataType: 'String', StringValue: '\t\r\n' } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-0' } },
    },
  ],
};

const poll: ReceiveMessageCommandInput = {
  QueueUrl,
  MaxNumberOfMessages: 10,
  WaitTimeSeconds: 0,
  MessageAttributeNames: ['All'],
  MessageSystemAttributeNames: ['SentTimestamp'],
};

test('requests and answers are those of the SDK', async () => {
  await using server = await cannedServer();
  server.on('SendMessageBatch', {
    result: {
      Successful: [{ Id: '0', MessageId: 'm' }],
      Failed: [{ Id: '1', SenderFault: true, Code: 'C' }],
    },
  });
  server.on('ReceiveMessage', {
    result: {
      Messages: [
        {
          MessageId: 'm',
          Body: '😀',
          Attributes: { SentTimestamp: '1' },
          MessageAttributes: { blob: { DataType: 'Binary', BinaryValue: 'AP8=' } },
        },
        { MessageId: 'n' },
      ],
    },
  });
  const outputs: unknown[][] = [];
  for (const client of pair(server.endpoint)) {
    const { $metadata: sent, ...send } = await client.send(new SendMessageBatchCommand(batch));
    const { $metadata: took, ...receive } = await client.send(new ReceiveMessageCommand(poll));
    outputs.push([send, receive, sent.httpStatusCode, took.httpStatusCode]);
    client.destroy();
  }
  const [plain, lean] = outputs;
  const [plainSend, plainPoll, leanSend, leanPoll] = server.seen.map(({ input }) => input);
  expect(leanSend).toEqual(plainSend);
  expect(leanPoll).toEqual(plainPoll);
  expect(leanSend).toEqual(batch);
  expect(comparable(lean)).toEqual(comparable(plain));
  expect(JSON.stringify(comparable(lean))).toContain('"BinaryValue":"0,255"');
});

test('errors are the SDK’s', async () => {
  await using server = await cannedServer();
  server.on('ReceiveMessage', { error: 'OverLimit', code: 'OverLimit' });
  for (const client of pair(server.endpoint)) {
    await expect(client.send(new ReceiveMessageCommand(poll))).rejects.toMatchObject({
      name: 'OverLimit',
      message: 'as told',
      $metadata: { httpStatusCode: 400 },
    });
    client.destroy();
  }
});

/** Without the classes of bytes. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value, (_, member: unknown) =>
    member instanceof Uint8Array ? [...member].join() : member,
  );
  return JSON.parse(text);
}
