import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { topic, type Experiment } from './experiment.ts';
import { entriesOf, type Lab, type LabQueue } from './lab.ts';

async function changeVisibility(
  { sqs }: Lab,
  { url }: LabQueue,
  message: Message | undefined,
  seconds: number,
): Promise<void> {
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: url,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: seconds,
    }),
  );
}

/** A queue with one message that was received. */
async function received(
  { queue }: Lab,
  visibilitySeconds: number,
): Promise<{ readonly queue: LabQueue; readonly message: Message }> {
  const made = await queue();
  await made.send('x');
  const [message] = await made.receive({ VisibilityTimeout: visibilitySeconds });
  return { queue: made, message: message ?? {} };
}

export const settling: readonly Experiment[] = topic('Settling', [
  [
    'delete twice',
    'accepted',
    async (lab) => {
      const { queue, message } = await received(lab, 30);
      await queue.delete(message);
      return lab.outcome(queue.delete(message));
    },
  ],
  [
    'delete with a made-up handle',
    'refused: ReceiptHandleIsInvalid',
    async (lab) => lab.outcome((await lab.queue()).delete({ ReceiptHandle: 'made-up' })),
  ],
  [
    'batch delete with one made-up handle',
    '0=ok 1=ReceiptHandleIsInvalid',
    async (lab) => {
      const { queue, message } = await received(lab, 30);
      const handles = [message.ReceiptHandle, 'made-up'];
      const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      const command = new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries });
      return entriesOf(await lab.sqs.send(command));
    },
  ],
  [
    'delete with the handle of an earlier receive',
    undefined,
    async (lab) => {
      const { queue, message } = await received(lab, 0);
      const [again] = await queue.receive({ VisibilityTimeout: 1, WaitTimeSeconds: 1 });
      if (!again) return 'not received again';
      const outcome = await lab.outcome(queue.delete(message));
      await lab.wait(1300);
      return `${outcome}; then ${(await queue.receive()).length === 0 ? 'gone' : 'still there'}`;
    },
  ],
  [
    'delete after the visibility expired',
    'accepted',
    async (lab) => {
      const { queue, message } = await received(lab, 1);
      await lab.wait(1300);
      return lab.outcome(queue.delete(message));
    },
  ],
  [
    'visibility 0 gives it back at once',
    'x',
    async (lab) => {
      const { queue, message } = await received(lab, 30);
      await changeVisibility(lab, queue, message, 0);
      return queue.bodies({ WaitTimeSeconds: 1 });
    },
  ],
  [
    'a longer visibility holds',
    'nothing',
    async (lab) => {
      const { queue, message } = await received(lab, 1);
      await changeVisibility(lab, queue, message, 30);
      await lab.wait(1300);
      return queue.bodies();
    },
  ],
  [
    'visibility of a message that is visible again',
    'refused: MessageNotInflight',
    async (lab) => {
      const { queue, message } = await received(lab, 1);
      await lab.wait(1300);
      return lab.outcome(changeVisibility(lab, queue, message, 30));
    },
  ],
  [
    'visibility of a deleted message',
    'refused',
    async (lab) => {
      const { queue, message } = await received(lab, 30);
      await queue.delete(message);
      return lab.outcome(changeVisibility(lab, queue, message, 30));
    },
  ],
  [
    'visibility with a made-up handle',
    'refused: ReceiptHandleIsInvalid',
    async (lab) =>
      lab.outcome(changeVisibility(lab, await lab.queue(), { ReceiptHandle: 'made-up' }, 1)),
  ],
  [
    'visibility beyond 12 h since the receive',
    'refused: InvalidParameterValue',
    async (lab) => {
      const { queue, message } = await received(lab, 30);
      await lab.wait(1100);
      return lab.outcome(changeVisibility(lab, queue, message, 43_200));
    },
  ],
  [
    'batch of visibility changes with one made-up handle',
    '0=ok 1=ReceiptHandleIsInvalid',
    async (lab) => {
      const { queue, message } = await received(lab, 30);
      const Entries = [message.ReceiptHandle, 'made-up'].map((ReceiptHandle, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: 5,
      }));
      const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries });
      return entriesOf(await lab.sqs.send(command));
    },
  ],
  [
    '16 senders and 16 consumers at once, 400 messages',
    '0 lost, 0 repeated',
    async ({ queue }) => {
      const { send, receive, delete: remove } = await queue();
      const bodies = Array.from({ length: 400 }, (_, index) => String(index));
      const seen: string[] = [];
      let sending = 16;
      const sender = async (first: number): Promise<void> => {
        for (let index = first; index < bodies.length; index += 16) await send(bodies[index] ?? '');
        sending -= 1;
      };
      const consumer = async (): Promise<void> => {
        for (;;) {
          const last = sending === 0;
          const messages = await receive({ WaitTimeSeconds: 1 });
          for (const message of messages) {
            seen.push(message.Body ?? '');
            await remove(message);
          }
          if (last && messages.length === 0) return;
        }
      };
      const workers = bodies.slice(0, 16).flatMap((_, index) => [sender(index), consumer()]);
      await Promise.all(workers);
      const distinct = new Set(seen).size;
      return `${bodies.length - distinct} lost, ${seen.length - distinct} repeated`;
    },
  ],
]);
