import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
} from '@aws-sdk/client-sqs';
import { topic, type Experiment } from './experiment.ts';
import { bodiesOf, type LabQueue } from './lab.ts';

/** Sends bodies whose first letter is their group. */
async function sendGrouped({ send }: LabQueue, ...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await send(body, { MessageGroupId: body[0] });
}

export const fifo: readonly Experiment[] = topic('FIFO', [
  [
    'no group',
    'refused: MissingParameter',
    async (lab) => lab.outcome((await lab.fifo()).send('x')),
  ],
  [
    'no deduplication id and none by content',
    'refused: InvalidParameterValue',
    async (lab) =>
      lab.outcome(
        (await lab.fifo({ ContentBasedDeduplication: 'false' })).send('x', { MessageGroupId: 'g' }),
      ),
  ],
  [
    'group with a space',
    'refused',
    async (lab) => lab.outcome((await lab.fifo()).send('x', { MessageGroupId: 'a b' })),
  ],
  [
    'group of 129 characters',
    'refused',
    async (lab) => lab.outcome((await lab.fifo()).send('x', { MessageGroupId: 'g'.repeat(129) })),
  ],
  [
    'delay for one message',
    'refused: InvalidParameterValue',
    async (lab) =>
      lab.outcome((await lab.fifo()).send('x', { MessageGroupId: 'g', DelaySeconds: 1 })),
  ],
  [
    'a receive takes several of one group',
    'a1 a2 a3 b1',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2', 'b1', 'a3');
      return (await queue.bodies()).split(' ').sort().join(' ');
    },
  ],
  [
    'a group in flight is locked, others are not',
    'b1',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2', 'b1');
      await queue.receive({ MaxNumberOfMessages: 1 });
      return queue.bodies();
    },
  ],
  [
    'a delete unlocks the group',
    'a2',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2');
      for (const message of await queue.receive({ MaxNumberOfMessages: 1 }))
        await queue.delete(message);
      return queue.bodies();
    },
  ],
  [
    'a delete wakes a poll that waits for the group',
    'a2 within 2 s',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2');
      const [first] = await queue.receive({ MaxNumberOfMessages: 1 });
      const began = Date.now();
      const poll = queue.bodies({ WaitTimeSeconds: 5 });
      await lab.wait(300);
      if (first) await queue.delete(first);
      const bodies = await poll;
      return `${bodies} ${Date.now() - began < 2000 ? 'within 2 s' : 'later'}`;
    },
  ],
  [
    'visibility 0 puts it first again',
    'a1',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2');
      const [first] = await queue.receive({ MaxNumberOfMessages: 1 });
      await lab.sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queue.url,
          ReceiptHandle: first?.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
      return queue.bodies({ MaxNumberOfMessages: 1, WaitTimeSeconds: 1 });
    },
  ],
  [
    'a batch of visibility 0, last first, keeps the order',
    'a1 a2 a3',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2', 'a3');
      const taken = await queue.receive();
      const Entries = taken.toReversed().map(({ ReceiptHandle }, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: 0,
      }));
      await lab.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries }));
      const bodies: string[] = [];
      while (bodies.length < 3) {
        const again = await queue.receive({ WaitTimeSeconds: 1 });
        bodies.push(bodiesOf(again));
        for (const message of again) await queue.delete(message);
      }
      return bodies.join(' ').split(' ').slice(0, 3).join(' ');
    },
  ],
  [
    'an expired visibility keeps the order',
    'a1',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2', 'a3');
      await queue.receive({ VisibilityTimeout: 1 });
      await lab.wait(1300);
      return queue.bodies({ MaxNumberOfMessages: 1 });
    },
  ],
  [
    'a duplicate is accepted, has the first one’s id and is not delivered',
    'same id, 1',
    async (lab) => {
      const { send, receive } = await lab.fifo();
      const more = { MessageGroupId: 'g', MessageDeduplicationId: 'd' };
      const ids = [await send('x', more), await send('y', more)];
      return `${ids[0] === ids[1] ? 'same id' : 'other id'}, ${(await receive()).length}`;
    },
  ],
  [
    'a duplicate of a deleted message is not delivered',
    'nothing',
    async (lab) => {
      const queue = await lab.fifo();
      const more = { MessageGroupId: 'g', MessageDeduplicationId: 'd' };
      await queue.send('x', more);
      for (const message of await queue.receive()) await queue.delete(message);
      await queue.send('x', more);
      return queue.bodies();
    },
  ],
  [
    'by content: attributes make no difference',
    '1',
    async (lab) => {
      const { send, receive } = await lab.fifo();
      await send('x', { MessageGroupId: 'g' });
      const MessageAttributes = { a: { DataType: 'String', StringValue: 'x' } };
      await send('x', { MessageGroupId: 'g', MessageAttributes });
      return String((await receive()).length);
    },
  ],
  [
    'one deduplication id in two groups, scope `queue`',
    '1',
    async (lab) => sentToTwoGroups(await lab.fifo()),
  ],
  [
    'one deduplication id in two groups, scope `messageGroup`',
    '2',
    async (lab) => {
      const scope = {
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      };
      return sentToTwoGroups(await lab.fifo(scope));
    },
  ],
  [
    '`ReceiveRequestAttemptId` again gives the same messages again',
    'a1',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1', 'a2');
      const same = { MaxNumberOfMessages: 1, ReceiveRequestAttemptId: 'attempt' };
      await queue.receive(same);
      return queue.bodies(same);
    },
  ],
  [
    'a delete after the visibility expired',
    'refused',
    async (lab) => {
      const queue = await lab.fifo();
      await sendGrouped(queue, 'a1');
      const [message] = await queue.receive({ VisibilityTimeout: 1 });
      await lab.wait(1300);
      return lab.outcome(queue.delete(message ?? {}));
    },
  ],
  [
    'sequence numbers ascend',
    'ascend',
    async (lab) => {
      const queue = await lab.fifo();
      const numbers: bigint[] = [];
      await sendGrouped(queue, 'a1', 'a2', 'a3');
      while (numbers.length < 3) {
        for (const message of await queue.receive({ WaitTimeSeconds: 1 })) {
          numbers.push(BigInt(message.Attributes?.SequenceNumber ?? -1));
          await queue.delete(message);
        }
      }
      const ascend = numbers.every((number, index) => number > (numbers[index - 1] ?? -1n));
      return ascend ? 'ascend' : 'do not';
    },
  ],
]);

async function sentToTwoGroups({ send, receive }: LabQueue): Promise<string> {
  await send('x', { MessageGroupId: 'a', MessageDeduplicationId: 'd' });
  await send('y', { MessageGroupId: 'b', MessageDeduplicationId: 'd' });
  return String((await receive()).length);
}
