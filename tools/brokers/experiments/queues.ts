import { isDeepStrictEqual } from 'node:util';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
  type SQSServiceException,
} from '@aws-sdk/client-sqs';
import { topic, type Experiment } from './experiment.ts';
import type { Lab } from './lab.ts';

const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' }],
});

/** What the queue says of attributes that it was made with. */
const kept =
  (attributes: Readonly<Record<string, string>>, kind: 'queue' | 'fifo' = 'queue') =>
  async (lab: Lab): Promise<string> => {
    const { attribute } = await lab[kind](attributes);
    const values = await Promise.all(Object.keys(attributes).map(attribute));
    return values.join(' ');
  };

const setting =
  (attributes: Readonly<Record<string, string>>) =>
  async ({ queue, sqs, outcome }: Lab): Promise<string> => {
    const { url } = await queue();
    return outcome(
      sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributes })),
    );
  };

export const queues: readonly Experiment[] = topic('Queues', [
  [
    'send to a queue that does not exist',
    'refused: QueueDoesNotExist',
    async ({ queue, sqs, outcome }) => {
      const QueueUrl = (await queue()).url.replace(/[^/]*$/, 'missing');
      return outcome(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })));
    },
  ],
  [
    'the older name of that error',
    'AWS.SimpleQueueService.NonExistentQueue',
    async ({ sqs }) => {
      try {
        await sqs.send(new GetQueueUrlCommand({ QueueName: 'missing' }));
        return 'no error';
      } catch (error) {
        return String((error as SQSServiceException & { readonly Code?: string }).Code);
      }
    },
  ],
  [
    'create again, alike',
    'accepted',
    async ({ queue, sqs, outcome }) => {
      const QueueName = (await queue({ VisibilityTimeout: '5' })).arn.split(':').at(-1);
      return outcome(
        sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: '5' } })),
      );
    },
  ],
  [
    'create again, other visibility',
    'refused: QueueNameExists',
    async ({ queue, sqs, outcome }) => {
      const QueueName = (await queue({ VisibilityTimeout: '5' })).arn.split(':').at(-1);
      return outcome(
        sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: '6' } })),
      );
    },
  ],
  [
    'create within 60 s of a delete',
    'refused: QueueDeletedRecently',
    async ({ queue, sqs, outcome }) => {
      const { url, arn } = await queue();
      await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
      return outcome(sqs.send(new CreateQueueCommand({ QueueName: arn.split(':').at(-1) })));
    },
  ],
  [
    'purge twice within 60 s',
    'refused: PurgeQueueInProgress',
    async ({ queue, sqs, outcome }) => {
      const command = new PurgeQueueCommand({ QueueUrl: (await queue()).url });
      await sqs.send(command);
      return outcome(sqs.send(command));
    },
  ],
  [
    'tags at creation and later',
    'a=1 b=2',
    async ({ sqs }) => {
      const { QueueUrl } = await sqs.send(
        new CreateQueueCommand({ QueueName: 'tagged', tags: { a: '1' } }),
      );
      await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { b: '2' } }));
      const { Tags } = await sqs.send(new ListQueueTagsCommand({ QueueUrl }));
      return Object.entries(Tags ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join(' ');
    },
  ],
  [
    '`SqsManagedSseEnabled` unless set',
    'true',
    async ({ queue }) => String(await (await queue()).attribute('SqsManagedSseEnabled')),
  ],
  ['`SqsManagedSseEnabled` false', 'false', kept({ SqsManagedSseEnabled: 'false' })],
  [
    'KMS key and reuse period',
    'alias/mine 60',
    kept({ KmsMasterKeyId: 'alias/mine', KmsDataKeyReusePeriodSeconds: '60' }),
  ],
  [
    'KMS key and managed SSE at once',
    'refused',
    async ({ queue, outcome }) =>
      outcome(queue({ KmsMasterKeyId: 'alias/mine', SqsManagedSseEnabled: 'true' })),
  ],
  [
    'access policy',
    'kept',
    async ({ queue }) => {
      const found = await (await queue({ Policy: policy })).attribute('Policy');
      return isDeepStrictEqual(JSON.parse(found ?? ''), JSON.parse(policy))
        ? 'kept'
        : String(found);
    },
  ],
  ['access policy that is no JSON', 'refused', setting({ Policy: 'x' })],
  [
    '`RedriveAllowPolicy`',
    '{"redrivePermission":"denyAll"}',
    kept({ RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' }),
  ],
  [
    'high-throughput FIFO',
    'messageGroup perMessageGroupId',
    kept({ DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }, 'fifo'),
  ],
  [
    'visibility 43,201 s',
    'refused: InvalidAttributeValue',
    setting({ VisibilityTimeout: '43201' }),
  ],
  ['retention 59 s', 'refused: InvalidAttributeValue', setting({ MessageRetentionPeriod: '59' })],
  ['delay 901 s', 'refused: InvalidAttributeValue', setting({ DelaySeconds: '901' })],
  ['attribute that does not exist', 'refused: InvalidAttributeName', setting({ Unheard: 'x' })],
  [
    'FIFO name without `.fifo`',
    'refused',
    async ({ queue, outcome }) => outcome(queue({ FifoQueue: 'true' })),
  ],
  [
    'counts: visible, in flight, delayed',
    '1 1 1',
    async ({ queue }) => {
      const { send, receive, attribute } = await queue();
      await send('x');
      await receive();
      await send('y');
      await send('z', { DelaySeconds: 60 });
      const names = ['', 'NotVisible', 'Delayed'];
      const counts = names.map((name) => attribute(`ApproximateNumberOfMessages${name}`));
      return (await Promise.all(counts)).join(' ');
    },
  ],
]);
