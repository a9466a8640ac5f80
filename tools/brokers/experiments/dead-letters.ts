import {
  AddPermissionCommand,
  CancelMessageMoveTaskCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { topic, type Experiment } from './experiment.ts';
import type { Lab } from './lab.ts';

/** Sends one message with an attribute and receives it until it is in the dead-letter queue. */
async function dead(lab: Lab, attributes: Readonly<Record<string, string>> = {}) {
  const queues = await lab.withDeadLetters(1, attributes);
  const grouped = attributes['FifoQueue'] ? { MessageGroupId: 'g' } : {};
  const MessageAttributes = { a: { DataType: 'String', StringValue: 'kept' } };
  const id = await queues.source.send('x', { MessageAttributes, ...grouped });
  let receives = 0;
  for (let times = 0; times < 3; times += 1) {
    receives += (await queues.source.receive({ VisibilityTimeout: 0 })).length;
    await lab.wait(20);
  }
  return { ...queues, id, receives };
}

export const deadLetters: readonly Experiment[] = topic('Dead letters', [
  [
    'with `maxReceiveCount` 1, the second receive moves it',
    '1 receive, then x',
    async (lab) => {
      const { receives, deadLetters } = await dead(lab);
      return `${receives} receive, then ${await deadLetters.bodies()}`;
    },
  ],
  [
    'the same on FIFO',
    '1 receive, then x',
    async (lab) => {
      const { receives, deadLetters } = await dead(lab, { FifoQueue: 'true' });
      return `${receives} receive, then ${await deadLetters.bodies()}`;
    },
  ],
  [
    'id and attributes are kept',
    'same id, kept',
    async (lab) => {
      const { id, deadLetters } = await dead(lab);
      const [message] = await deadLetters.receive();
      const value = message?.MessageAttributes?.['a']?.StringValue;
      return `${message?.MessageId === id ? 'same id' : 'other id'}, ${value}`;
    },
  ],
  [
    '`DeadLetterQueueSourceArn`',
    'source',
    async (lab) => {
      const { source, deadLetters } = await dead(lab);
      const [message] = await deadLetters.receive();
      const arn = message?.Attributes?.DeadLetterQueueSourceArn;
      return arn === source.arn ? 'source' : String(arn);
    },
  ],
  [
    'dead-letter queue that does not exist',
    'refused',
    async ({ queue, outcome }) => {
      const { arn } = await queue();
      const deadLetterTargetArn = arn.replace(/[^:]*$/, 'missing');
      return outcome(
        queue({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }) }),
      );
    },
  ],
  [
    'standard dead-letter queue for FIFO',
    'refused',
    async ({ queue, fifo, outcome }) => {
      const { arn } = await queue();
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 });
      return outcome(fifo({ RedrivePolicy }));
    },
  ],
  [
    '`ListDeadLetterSourceQueues`',
    '1',
    async (lab) => {
      const { deadLetters } = await lab.withDeadLetters(1);
      const command = new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetters.url });
      const { queueUrls } = await lab.sqs.send(command);
      return String(queueUrls?.length);
    },
  ],
  [
    '`StartMessageMoveTask` moves it back',
    'x',
    async (lab) => {
      const { source, deadLetters } = await dead(lab);
      await lab.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: deadLetters.arn }));
      return source.bodies({ WaitTimeSeconds: 2 });
    },
  ],
  [
    '`ListMessageMoveTasks`',
    'accepted',
    async (lab) => {
      const { deadLetters } = await lab.withDeadLetters(1);
      return lab.outcome(
        lab.sqs.send(new ListMessageMoveTasksCommand({ SourceArn: deadLetters.arn })),
      );
    },
  ],
  [
    '`CancelMessageMoveTask` of a made-up task',
    'refused: ResourceNotFoundException',
    async ({ sqs, outcome }) =>
      outcome(sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle: 'made-up' }))),
  ],
  [
    '`AddPermission`',
    'accepted',
    async ({ queue, sqs, outcome }) => {
      const { url } = await queue();
      const grant = { Label: 'l', AWSAccountIds: ['123456789012'], Actions: ['SendMessage'] };
      return outcome(sqs.send(new AddPermissionCommand({ QueueUrl: url, ...grant })));
    },
  ],
]);
