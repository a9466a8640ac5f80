/** What a program does with the transport. */
export type KinesisUse =
  | 'publish'
  | 'consume'
  | 'lag'
  | 'redrive'
  | 'verify'
  | 'provision'
  | 'remove'
  | 'check';

/** One statement of a policy, before its resource has a name. */
export interface Grant {
  readonly actions: readonly string[];
  /** `leases` is the table of a group, `deadLeases` the one of its dead letters, `all` every stream of the account. */
  readonly on: 'stream' | 'deadLetters' | 'leases' | 'deadLeases' | 'consumers' | 'key' | 'all';
  /** Needed only with the option or feature named here. */
  readonly where?: string;
}

const put = ['kinesis:PutRecords', 'kinesis:DescribeStreamSummary'];
const read = ['kinesis:ListShards', 'kinesis:GetShardIterator', 'kinesis:GetRecords'];
const rows = ['Scan', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'DescribeTable'].map(
  (action) => `dynamodb:${action}`,
);
const manage = [
  'CreateStream',
  'DescribeStreamSummary',
  'AddTagsToStream',
  'IncreaseStreamRetentionPeriod',
  'StartStreamEncryption',
].map((action) => `kinesis:${action}`);
const withKey = 'the stream has a KMS key of your own';
const fanOut = ['DescribeStreamSummary', 'DescribeStreamConsumer', 'RegisterStreamConsumer'].map(
  (action) => `kinesis:${action}`,
);
const table = ['dynamodb:CreateTable', 'dynamodb:TagResource'];
const key: Grant = {
  actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
  on: 'key',
  where: withKey,
};

/** The least that each use needs. */
export const permissions: Readonly<Record<KinesisUse, readonly Grant[]>> = {
  publish: [
    { actions: put, on: 'stream' },
    { actions: ['kinesis:ListShards'], on: 'stream', where: 'messages are aggregated' },
    key,
  ],
  consume: [
    { actions: read, on: 'stream' },
    { actions: rows, on: 'leases' },
    { actions: table, on: 'leases', where: 'a group begins by reading, and was not provisioned' },
    { actions: put, on: 'deadLetters' },
    { actions: fanOut, on: 'stream', where: "shards push (`reading: 'fan-out'`)" },
    { actions: ['kinesis:SubscribeToShard'], on: 'consumers', where: 'shards push' },
    key,
  ],
  lag: [
    { actions: ['kinesis:GetShardIterator', 'kinesis:GetRecords'], on: 'stream' },
    { actions: ['dynamodb:Scan'], on: 'leases' },
  ],
  redrive: [
    { actions: read, on: 'deadLetters' },
    { actions: [...rows, ...table], on: 'deadLeases' },
    { actions: put, on: 'stream' },
    key,
  ],
  verify: [
    { actions: ['kinesis:DescribeStreamSummary'], on: 'stream' },
    { actions: ['kinesis:DescribeStreamSummary'], on: 'deadLetters' },
    { actions: ['dynamodb:DescribeTable'], on: 'leases' },
  ],
  provision: [
    { actions: [...manage, ...read], on: 'stream' },
    { actions: manage, on: 'deadLetters' },
    { actions: [...rows, ...table], on: 'leases' },
  ],
  remove: [
    { actions: ['kinesis:DeleteStream'], on: 'stream' },
    { actions: ['kinesis:DeleteStream'], on: 'deadLetters' },
    { actions: ['dynamodb:DeleteTable'], on: 'leases' },
    { actions: ['dynamodb:DeleteTable'], on: 'deadLeases' },
  ],
  check: [
    { actions: ['kinesis:DescribeStreamSummary'], on: 'stream' },
    { actions: ['kinesis:ListStreams'], on: 'all', where: 'no channel is given to `check`' },
  ],
};
