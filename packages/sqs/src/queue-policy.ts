/** Who else may use a queue, as statements of its resource policy. Statements of others in the policy are kept. */
export interface QueueAccess {
  /** Refuses every request that is not encrypted in transit. @defaultValue false */
  readonly httpsOnly?: boolean;
  /** Other AWS accounts (twelve digits), or ARNs of roles and users, that may publish. */
  readonly publishers?: readonly string[];
  /** The same for consuming. */
  readonly consumers?: readonly string[];
  /** ARNs of SNS topics that may deliver to the queue. */
  readonly topics?: readonly string[];
  /** ARNs of S3 buckets of the same account that may send their events to the queue. */
  readonly buckets?: readonly string[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: unknown;
  readonly Action: string | readonly string[];
  readonly Resource: string;
  readonly Condition?: unknown;
}

interface Policy {
  readonly Version: string;
  readonly Statement: readonly PolicyStatement[];
}

/** Statements for one queue; each has a `Sid` of ours, by which it is found again. */
export function statementsOf(access: QueueAccess, queueArn: string): readonly PolicyStatement[] {
  const { httpsOnly, publishers = [], consumers = [], topics = [], buckets = [] } = access;
  const [, partition = 'aws', , , account = ''] = queueArn.split(':');
  const principals = (names: readonly string[]): { AWS: string[] } => ({
    AWS: names.map((name) => (/^\d{12}$/.test(name) ? `arn:${partition}:iam::${name}:root` : name)),
  });
  const statements: PolicyStatement[] = [];
  if (httpsOnly === true) {
    const Condition = { Bool: { 'aws:SecureTransport': 'false' } };
    statements.push({
      Sid: 'IntermodalHttpsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 'sqs:*',
      Resource: queueArn,
      Condition,
    });
  }
  if (publishers.length > 0) {
    const Action = ['sqs:SendMessage', 'sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];
    statements.push({
      Sid: 'IntermodalPublishers',
      Effect: 'Allow',
      Principal: principals(publishers),
      Action,
      Resource: queueArn,
    });
  }
  if (consumers.length > 0) {
    const Action = [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
      'sqs:GetQueueUrl',
      'sqs:GetQueueAttributes',
    ];
    statements.push({
      Sid: 'IntermodalConsumers',
      Effect: 'Allow',
      Principal: principals(consumers),
      Action,
      Resource: queueArn,
    });
  }
  if (topics.length > 0) {
    const Condition = { ArnEquals: { 'aws:SourceArn': topics } };
    statements.push({
      Sid: 'IntermodalTopics',
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queueArn,
      Condition,
    });
  }
  if (buckets.length > 0) {
    // A bucket's ARN names no account: without the account, whoever takes over its name could send here.
    const Condition = {
      ArnEquals: { 'aws:SourceArn': buckets },
      StringEquals: { 'aws:SourceAccount': account },
    };
    statements.push({
      Sid: 'IntermodalBuckets',
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queueArn,
      Condition,
    });
  }
  return statements;
}

/** The policy with the wanted statements in it and every other one kept. */
export function mergedPolicy(
  existing: string | undefined,
  wanted: readonly PolicyStatement[],
): string {
  const found = parse(existing);
  const ours = new Set(wanted.map(({ Sid }) => Sid));
  const others = found.Statement.filter(({ Sid }) => !ours.has(Sid));
  return JSON.stringify({ ...found, Statement: [...others, ...wanted] });
}

/** Sids of the wanted statements that the policy lacks, or has otherwise. */
export function differingStatements(
  existing: string | undefined,
  wanted: readonly PolicyStatement[],
): readonly string[] {
  const found = new Map(
    parse(existing).Statement.map((statement) => [statement.Sid, canonical(statement)]),
  );
  return wanted
    .filter((statement) => found.get(statement.Sid) !== canonical(statement))
    .map(({ Sid }) => Sid ?? '');
}

function parse(text: string | undefined): Policy {
  const empty: Policy = { Version: '2012-10-17', Statement: [] };
  if (text === undefined || text === '') return empty;
  const policy = JSON.parse(text) as {
    readonly Version?: string;
    readonly Statement?: PolicyStatement | readonly PolicyStatement[];
  };
  const { Statement = [] } = policy;
  return {
    ...empty,
    ...policy,
    Statement: Array.isArray(Statement) ? Statement : [Statement as PolicyStatement],
  };
}

/** The service sorts members and writes a list of one without its brackets. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    const items = value.map(canonical).toSorted();
    return items.length === 1 ? (items[0] ?? '') : `[${items.join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`,
  );
  return `{${members.toSorted().join(',')}}`;
}
