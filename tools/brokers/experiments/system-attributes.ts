import { topic, type Experiment } from './experiment.ts';

export const systemAttributes: readonly Experiment[] = topic('System attributes', [
  [
    'standard queue, `All`',
    'ApproximateFirstReceiveTimestamp ApproximateReceiveCount SenderId SentTimestamp',
    async ({ queue }) => {
      const { send, receive } = await queue();
      await send('x');
      return Object.keys((await receive())[0]?.Attributes ?? {})
        .sort()
        .join(' ');
    },
  ],
  [
    'FIFO queue, `All`: those that FIFO adds',
    'MessageDeduplicationId MessageGroupId SequenceNumber',
    async ({ fifo }) => {
      const { send, receive } = await fifo();
      await send('x', { MessageGroupId: 'g' });
      const found = Object.keys((await receive())[0]?.Attributes ?? {});
      return found
        .filter((name) => name.startsWith('Message') || name === 'SequenceNumber')
        .sort()
        .join(' ');
    },
  ],
  [
    '`MessageGroupId` on a standard queue comes back',
    'g',
    async ({ queue }) => {
      const { send, receive } = await queue();
      await send('x', { MessageGroupId: 'g' });
      return String((await receive())[0]?.Attributes?.MessageGroupId);
    },
  ],
  [
    '`MessageGroupId` on a standard queue locks nothing',
    '2',
    async ({ queue }) => {
      const { sendBatch, receive } = await queue();
      await sendBatch([{ MessageGroupId: 'g' }, { MessageGroupId: 'g' }]);
      const first = await receive({ MaxNumberOfMessages: 1 });
      const second = await receive({ MaxNumberOfMessages: 1 });
      return String(first.length + second.length);
    },
  ],
  [
    '`AWSTraceHeader` comes back',
    'Root=1',
    async ({ queue }) => {
      const { send, receive } = await queue();
      const AWSTraceHeader = { DataType: 'String', StringValue: 'Root=1' };
      await send('x', { MessageSystemAttributes: { AWSTraceHeader } });
      return String((await receive())[0]?.Attributes?.AWSTraceHeader);
    },
  ],
  [
    '`AWSTraceHeader` of a batch entry comes back',
    'Root=1',
    async ({ queue }) => {
      const { sendBatch, receive } = await queue();
      const AWSTraceHeader = { DataType: 'String', StringValue: 'Root=1' };
      await sendBatch([{ MessageSystemAttributes: { AWSTraceHeader } }]);
      return String((await receive())[0]?.Attributes?.AWSTraceHeader);
    },
  ],
  [
    'receive count goes 1, 2, 3',
    '1 2 3',
    async ({ queue }) => {
      const { send, receive } = await queue();
      await send('x');
      const counts: (string | undefined)[] = [];
      for (let times = 0; times < 3; times += 1) {
        const [message] = await receive({ VisibilityTimeout: 0, WaitTimeSeconds: 1 });
        counts.push(message?.Attributes?.ApproximateReceiveCount);
      }
      return counts.join(' ');
    },
  ],
]);
