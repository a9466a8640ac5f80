import { ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { topic, type Experiment } from './experiment.ts';
import type { Lab } from './lab.ts';

const mebibyte = 1_048_576;
const text = (value: string): { DataType: string; StringValue: string } => ({
  DataType: 'String',
  StringValue: value,
});
const attributes = (count: number): Record<string, { DataType: string; StringValue: string }> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, text('x')]));

/** Sends one message with this attribute to a new queue. */
const sendWith =
  (name: string, value: { DataType: string; StringValue?: string; BinaryValue?: Uint8Array }) =>
  async ({ queue, outcome }: Lab): Promise<string> => {
    const { send } = await queue();
    return outcome(send('x', { MessageAttributes: { [name]: value } }));
  };

const sendBody =
  (body: string) =>
  async ({ queue, outcome }: Lab): Promise<string> =>
    outcome((await queue()).send(body));

const delaying =
  (seconds: number) =>
  async ({ queue, outcome }: Lab): Promise<string> =>
    outcome((await queue()).send('x', { DelaySeconds: seconds }));

const receiving =
  (more: { MaxNumberOfMessages?: number; WaitTimeSeconds?: number; VisibilityTimeout?: number }) =>
  async ({ queue, outcome }: Lab): Promise<string> =>
    outcome((await queue()).receive(more));

export const sizes: readonly Experiment[] = topic('Size', [
  ['body of 1 MiB', 'accepted', sendBody('x'.repeat(mebibyte))],
  ['body of 1 MiB + 1', 'refused: InvalidParameterValue', sendBody('x'.repeat(mebibyte + 1))],
  [
    '1 MiB is counted in bytes, not characters',
    'refused: InvalidParameterValue',
    sendBody('é'.repeat(mebibyte / 2 + 1)),
  ],
  [
    'attributes count towards 1 MiB',
    'refused: InvalidParameterValue',
    async ({ queue, outcome }) =>
      outcome(
        (await queue()).send('x'.repeat(mebibyte - 10), {
          MessageAttributes: { name: text('0123456789') },
        }),
      ),
  ],
  [
    'batch of 2 × 600 KiB',
    'refused: BatchRequestTooLong',
    async ({ queue, outcome }) =>
      outcome((await queue()).sendBatch([0, 1].map(() => ({ MessageBody: 'x'.repeat(614_400) })))),
  ],
  [
    '`MaximumMessageSize` 1,024: 1,025 bytes',
    'refused: InvalidParameterValue',
    async ({ queue, outcome }) =>
      outcome((await queue({ MaximumMessageSize: '1024' })).send('x'.repeat(1025))),
  ],
  [
    '`MaximumMessageSize` unless set',
    '1048576',
    async ({ queue }) => String(await (await queue()).attribute('MaximumMessageSize')),
  ],
]);

export const contents: readonly Experiment[] = topic('Contents', [
  ['empty body', 'refused', sendBody('')],
  ['U+0000 in a body', 'refused: InvalidMessageContents', sendBody('a\u0000b')],
  ['U+FFFE in a body', 'refused: InvalidMessageContents', sendBody('a\uFFFEb')],
  ['U+0001 in an attribute', 'refused', sendWith('name', text('a\u0001b'))],
  ['U+10000 and above', 'accepted', sendBody('a\u{1F600}b')],
  [
    '10 attributes',
    'accepted',
    async ({ queue, outcome }) =>
      outcome((await queue()).send('x', { MessageAttributes: attributes(10) })),
  ],
  [
    '11 attributes',
    'refused',
    async ({ queue, outcome }) =>
      outcome((await queue()).send('x', { MessageAttributes: attributes(11) })),
  ],
  ['attribute without a value', 'refused', sendWith('name', text(''))],
  ['attribute named `AWS.x`', 'refused', sendWith('AWS.x', text('x'))],
  ['attribute named `.x`', 'refused', sendWith('.x', text('x'))],
  ['attribute named `a..b`', 'refused', sendWith('a..b', text('x'))],
  ['attribute named `a b`', 'refused', sendWith('a b', text('x'))],
  [
    'attribute of type `Number` with value `x`',
    'refused',
    sendWith('name', { DataType: 'Number', StringValue: 'x' }),
  ],
  [
    'attribute of type `Other`',
    'refused',
    sendWith('name', { DataType: 'Other', StringValue: 'x' }),
  ],
  [
    'binary attribute and custom type come back',
    '1,2,255 String.mine',
    async ({ queue }) => {
      const { send, receive } = await queue();
      const BinaryValue = Uint8Array.of(1, 2, 255);
      const mine = { DataType: 'String.mine', StringValue: 'x' };
      await send('x', { MessageAttributes: { raw: { DataType: 'Binary', BinaryValue }, mine } });
      const [message] = await receive();
      const found = message?.MessageAttributes ?? {};
      return `${String(found['raw']?.BinaryValue)} ${found['mine']?.DataType}`;
    },
  ],
]);

export const requests: readonly Experiment[] = topic('Requests', [
  [
    'batch of 11',
    'refused: TooManyEntriesInBatchRequest',
    async ({ queue, outcome }) =>
      outcome((await queue()).sendBatch(Array.from({ length: 11 }, () => ({})))),
  ],
  [
    'empty batch',
    'refused: EmptyBatchRequest',
    async ({ queue, outcome }) => outcome((await queue()).sendBatch([])),
  ],
  [
    'batch with one id twice',
    'refused: BatchEntryIdsNotDistinct',
    async ({ queue, outcome }) => outcome((await queue()).sendBatch([{ Id: 'a' }, { Id: 'a' }])),
  ],
  [
    'batch id `a b`',
    'refused: InvalidBatchEntryId',
    async ({ queue, outcome }) => outcome((await queue()).sendBatch([{ Id: 'a b' }])),
  ],
  ['`DelaySeconds` 900', 'accepted', delaying(900)],
  ['`DelaySeconds` 901', 'refused: InvalidParameterValue', delaying(901)],
  [
    '`DelaySeconds` 901 in one entry of two',
    '0=ok 1=InvalidParameterValue',
    async ({ queue }) => (await queue()).sendBatch([{}, { DelaySeconds: 901 }]),
  ],
  [
    'U+0000 in one entry of two',
    '0=ok 1=InvalidMessageContents',
    async ({ queue }) => (await queue()).sendBatch([{}, { MessageBody: '\u0000' }]),
  ],
  ['receive 11', 'refused', receiving({ MaxNumberOfMessages: 11 })],
  ['wait 21 s', 'refused', receiving({ WaitTimeSeconds: 21 })],
  ['visibility 43,201 s', 'refused', receiving({ VisibilityTimeout: 43_201 })],
  [
    '`Messages` of an empty receive',
    'undefined',
    async ({ queue, sqs }) => {
      const { url } = await queue();
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
      return Messages === undefined ? 'undefined' : `${Messages.length} messages`;
    },
  ],
  [
    'messages when no number is asked for',
    '1',
    async ({ queue, sqs }) => {
      const { url, sendBatch } = await queue();
      await sendBatch([{}, {}]);
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
      return String(Messages?.length);
    },
  ],
  [
    'attributes come only when asked for',
    'none',
    async ({ queue, sqs }) => {
      const { url, send } = await queue();
      await send('x', { MessageAttributes: attributes(1) });
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
      return Messages?.[0]?.MessageAttributes || Messages?.[0]?.Attributes ? 'some' : 'none';
    },
  ],
  [
    '`MD5OfMessageAttributes` in the answer to a batch',
    'present',
    async ({ queue, sqs }) => {
      const Entries = [{ Id: 'a', MessageBody: 'x', MessageAttributes: attributes(1) }];
      const command = new SendMessageBatchCommand({ QueueUrl: (await queue()).url, Entries });
      const { Successful } = await sqs.send(command);
      return Successful?.[0]?.MD5OfMessageAttributes ? 'present' : 'missing';
    },
  ],
]);
