import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  PublishBatchCommand,
  type PublishBatchCommandOutput,
  type PublishBatchRequestEntry,
  PublishCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { speakLeanQuery } from './lean-query.ts';

const TopicArn = 'arn:aws:sns:eu-west-1:123456789012:orders';
const asked: string[] = [];
let answer = { status: 200, xml: '' };
let server: Server;
let plain: SNSClient;
let lean: SNSClient;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(body);
      response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.xml);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const config = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  [plain, lean] = [new SNSClient(config), new SNSClient(config)];
  speakLeanQuery(lean);
});

afterAll(() => {
  plain.destroy();
  lean.destroy();
  server.closeAllConnections();
  server.close();
});

/** What both clients ask and answer. */
async function both(PublishBatchRequestEntries: PublishBatchRequestEntry[]): Promise<{
  readonly forms: readonly string[];
  readonly outputs: readonly PublishBatchCommandOutput[];
}> {
  asked.length = 0;
  const outputs: PublishBatchCommandOutput[] = [];
  for (const client of [plain, lean])
    outputs.push(
      await client.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries })),
    );
  return { forms: [...asked], outputs };
}

function fields(form: string | undefined): string[] {
  return (form ?? '').split('&').toSorted();
}

function result(successful: string, failed: string): string {
  const metadata = '<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>';
  return `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>${failed}${successful}</PublishBatchResult>${metadata}</PublishBatchResponse>`;
}

const empty = result('<Successful/>', '<Failed/>');

/** Text that SQS takes, which is all that comes here. */
const anyText = fc
  .string({ unit: 'binary', minLength: 1 })
  .map((some) => some.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, 'x'));

const entries = fc.array(
  fc.record(
    {
      Id: fc.constantFrom('0', '9'),
      Message: anyText,
      Subject: anyText,
      MessageGroupId: anyText,
      MessageDeduplicationId: anyText,
      MessageAttributes: fc.dictionary(
        fc.stringMatching(/^[a-z.]{1,8}$/),
        fc.record({
          DataType: fc.constantFrom('String', 'Number', 'String.Array'),
          StringValue: anyText,
        }),
        { noNullPrototype: true },
      ),
    },
    { requiredKeys: ['Id', 'Message'] },
  ),
  { minLength: 1, maxLength: 10 },
);

test('any batch is the same form as the SDK writes', async () => {
  answer = { status: 200, xml: empty };
  await fc.assert(
    fc.asyncProperty(entries, async (batch) => {
      const { forms } = await both(batch);
      expect(fields(forms[1])).toEqual(fields(forms[0]));
    }),
    { numRuns: 50 },
  );
});

test.each([
  result(
    '<Successful><member><Id>0</Id><MessageId>m</MessageId></member></Successful>',
    '<Failed/>',
  ),
  result(
    `<Successful>
       <member>
         <MessageId>m</MessageId>
         <SequenceNumber>10000000000000003000</SequenceNumber>
         <Id>1</Id>
       </member>
     </Successful>`,
    `<Failed>
       <member><Code>InternalError</Code><Id>0</Id><SenderFault>false</SenderFault></member>
       <member><Code>InvalidParameter</Code><Id>2</Id><SenderFault>true</SenderFault>
         <Message>a &lt;b&gt; &amp;amp; &quot;c&quot;</Message></member>
     </Failed>`,
  ),
])('an answer means the same as the SDK reads', async (xml) => {
  answer = { status: 200, xml };
  const { outputs } = await both([{ Id: '0', Message: 'x' }]);
  const told = (output: PublishBatchCommandOutput | undefined): unknown => [
    output?.Successful?.map(({ Id, MessageId }) => ({ Id, MessageId })),
    output?.Failed?.map(({ Id, Code, Message, SenderFault }) => ({
      Id,
      Code,
      Message,
      SenderFault,
    })),
  ];
  expect(told(outputs[1])).toEqual(told(outputs[0]));
  expect(outputs[1]?.$metadata.httpStatusCode).toBe(200);
});

test('what is not as expected is left to the SDK', async () => {
  answer = { status: 200, xml: result('<!-- --><Successful/>', '<Failed/>') };
  const { outputs } = await both([{ Id: '0', Message: 'x' }]);
  expect(outputs[1]).toMatchObject({ Successful: [], Failed: [] });
});

test('errors are the SDK’s', async () => {
  const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>`;
  answer = { status: 404, xml };
  const PublishBatchRequestEntries = [{ Id: '0', Message: 'x' }];
  const sending = lean.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
  await expect(sending).rejects.toMatchObject({ name: 'NotFoundException' });
});

test('other operations are the SDK’s', async () => {
  answer = {
    status: 200,
    xml: '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>',
  };
  const output = await lean.send(new PublishCommand({ TopicArn, Message: 'x' }));
  expect(output.MessageId).toBe('m');
});
