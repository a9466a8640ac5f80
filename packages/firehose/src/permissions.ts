/** What a program does with the transport. */
export type FirehoseUse = 'publish' | 'verify' | 'provision' | 'remove' | 'check';

/** One statement of a policy, before its resource has a name. */
export interface Grant {
  readonly actions: readonly string[];
  /** `role` is the one that delivers to the destination, `all` every delivery stream of the account. */
  readonly on: 'stream' | 'role' | 'key' | 'all';
  /** Needed only with the option or feature named here. */
  readonly where?: string;
}

const describe = 'firehose:DescribeDeliveryStream';

/** The least that each use needs. */
export const permissions: Readonly<Record<FirehoseUse, readonly Grant[]>> = {
  publish: [{ actions: ['firehose:PutRecordBatch', describe], on: 'stream' }],
  verify: [{ actions: [describe], on: 'stream' }],
  provision: [
    { actions: ['firehose:CreateDeliveryStream', describe], on: 'stream' },
    { actions: ['firehose:TagDeliveryStream'], on: 'stream', where: 'it is created with tags' },
    { actions: ['iam:PassRole'], on: 'role' },
    { actions: ['kms:CreateGrant'], on: 'key', where: 'it is created with a KMS key of your own' },
  ],
  remove: [{ actions: ['firehose:DeleteDeliveryStream'], on: 'stream' }],
  check: [
    { actions: [describe], on: 'stream' },
    {
      actions: ['firehose:ListDeliveryStreams'],
      on: 'all',
      where: 'no channel is given to `check`',
    },
  ],
};
