/** What a program does with the transport. */
export type SqsUse =
  | 'publish'
  | 'consume'
  | 'backlog'
  | 'redrive'
  | 'verify'
  | 'provision'
  | 'purge'
  | 'remove'
  | 'check';

/** One statement of a policy, before its resource has a name. */
export interface Grant {
  readonly actions: readonly string[];
  /** `deadLetters` is the queue of them, `all` every queue of the account. */
  readonly on: 'queue' | 'deadLetters' | 'key' | 'all';
  /** Needed only with the option or feature named here. */
  readonly where?: string;
}

const find = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];
const take = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];
const manage = ['sqs:CreateQueue', 'sqs:SetQueueAttributes', 'sqs:TagQueue', 'sqs:ListQueueTags'];
const move = ['sqs:StartMessageMoveTask', 'sqs:ListMessageMoveTasks', 'sqs:CancelMessageMoveTask'];
const withKey = 'the queue has a KMS key of your own';

/** The least that each use needs. Batch operations have no actions of their own. */
export const permissions: Readonly<Record<SqsUse, readonly Grant[]>> = {
  publish: [
    { actions: ['sqs:SendMessage', ...find], on: 'queue' },
    { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], on: 'key', where: withKey },
  ],
  consume: [
    { actions: [...take, 'sqs:GetQueueUrl', 'sqs:ListQueueTags'], on: 'queue' },
    { actions: ['sqs:SendMessage', ...find], on: 'deadLetters' },
    { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], on: 'key', where: withKey },
  ],
  backlog: [
    { actions: find, on: 'queue' },
    { actions: find, on: 'deadLetters' },
  ],
  redrive: [
    { actions: [...move, ...take, ...find], on: 'deadLetters' },
    { actions: ['sqs:SendMessage', ...find], on: 'queue' },
    { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], on: 'key', where: withKey },
  ],
  verify: [
    { actions: [...find, 'sqs:ListQueueTags'], on: 'queue' },
    { actions: [...find, 'sqs:ListQueueTags'], on: 'deadLetters' },
  ],
  provision: [
    { actions: [...manage, ...find], on: 'queue' },
    { actions: [...manage, ...find], on: 'deadLetters' },
  ],
  purge: [{ actions: ['sqs:PurgeQueue', 'sqs:GetQueueUrl'], on: 'queue' }],
  remove: [
    { actions: ['sqs:DeleteQueue', 'sqs:GetQueueUrl'], on: 'queue' },
    { actions: ['sqs:DeleteQueue', 'sqs:GetQueueUrl'], on: 'deadLetters' },
  ],
  check: [{ actions: ['sqs:ListQueues'], on: 'all', where: 'no channel is given to `check`' }],
};
