/** What a program does with the transport, its endpoint or its notifier. */
export type SnsUse =
  | 'publish'
  | 'consume'
  | 'verify'
  | 'provision'
  | 'remove'
  | 'check'
  | 'endpoint'
  | 'notify';

/** One statement of a policy, before its resource has a name. */
export interface Grant {
  readonly actions: readonly string[];
  /** `queue` and `deadLetters` are those of one group, `platform` an application of mobile push and its endpoints. */
  readonly on: 'topic' | 'queue' | 'deadLetters' | 'key' | 'platform' | 'all';
  /** Needed only with the option or feature named here. */
  readonly where?: string;
}

const find = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];
const take = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];
const manage = ['sqs:CreateQueue', 'sqs:SetQueueAttributes', 'sqs:TagQueue', 'sqs:ListQueueTags'];
const look = ['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic', 'sns:ListTagsForResource'];
// A subscription's ARN begins with its topic's.
const lookDeeper = ['sns:GetSubscriptionAttributes'];
const withKey = 'topic or queue has a KMS key of your own';

/** The least that each use needs. Batch operations have no actions of their own. */
export const permissions: Readonly<Record<SnsUse, readonly Grant[]>> = {
  publish: [
    { actions: ['sns:Publish', 'sns:GetTopicAttributes'], on: 'topic' },
    { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], on: 'key', where: withKey },
  ],
  consume: [
    { actions: [...take, 'sqs:GetQueueUrl', 'sqs:ListQueueTags'], on: 'queue' },
    { actions: ['sqs:SendMessage', ...find], on: 'deadLetters' },
    { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], on: 'key', where: withKey },
  ],
  verify: [
    { actions: [...look, ...lookDeeper], on: 'topic' },
    { actions: [...find, 'sqs:ListQueueTags'], on: 'queue' },
    { actions: [...find, 'sqs:ListQueueTags'], on: 'deadLetters' },
  ],
  provision: [
    {
      actions: [
        'sns:CreateTopic',
        'sns:SetTopicAttributes',
        'sns:TagResource',
        'sns:Subscribe',
        'sns:SetSubscriptionAttributes',
        ...look,
        ...lookDeeper,
      ],
      on: 'topic',
    },
    { actions: [...manage, ...find], on: 'queue' },
    { actions: [...manage, ...find], on: 'deadLetters' },
  ],
  remove: [
    {
      actions: ['sns:Unsubscribe', 'sns:ListSubscriptionsByTopic', 'sns:DeleteTopic'],
      on: 'topic',
    },
    { actions: ['sqs:DeleteQueue', ...find], on: 'queue' },
    { actions: ['sqs:DeleteQueue', 'sqs:GetQueueUrl'], on: 'deadLetters' },
  ],
  check: [{ actions: ['sns:ListTopics'], on: 'all', where: 'no channel is given to `check`' }],
  endpoint: [{ actions: ['sns:ConfirmSubscription'], on: 'topic' }],
  notify: [
    { actions: ['sns:Publish'], on: 'platform' },
    { actions: ['sns:Publish'], on: 'topic', where: 'a topic is notified' },
    { actions: ['sns:Publish'], on: 'all', where: 'phones are sent SMS' },
  ],
};
