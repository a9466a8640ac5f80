import type { PolicyStatement } from '@intermodal/sqs/driver';

/** Who else may use a topic, as statements of its resource policy. Statements of others in the policy are kept. */
export interface TopicAccess {
  /** Refuses every publish that is not encrypted in transit. @defaultValue false */
  readonly httpsOnly?: boolean;
  /** Other AWS accounts (twelve digits), or ARNs of roles and users, that may publish. */
  readonly publishers?: readonly string[];
  /** The same for subscribing queues and endpoints of theirs. */
  readonly subscribers?: readonly string[];
  /** ARNs of S3 buckets of the same account that may send their events to the topic. */
  readonly buckets?: readonly string[];
}

/** Statements for one topic; each has a `Sid` of ours, by which it is found again. */
export function topicStatements(access: TopicAccess, topicArn: string): readonly PolicyStatement[] {
  const { httpsOnly, publishers = [], subscribers = [], buckets = [] } = access;
  const [, partition = 'aws', , , account = ''] = topicArn.split(':');
  const principals = (names: readonly string[]): { AWS: string[] } => ({
    AWS: names.map((name) => (/^\d{12}$/.test(name) ? `arn:${partition}:iam::${name}:root` : name)),
  });
  const statements: PolicyStatement[] = [];
  const add = (Sid: string, statement: Omit<PolicyStatement, 'Sid' | 'Resource'>): void => {
    statements.push({ Sid, ...statement, Resource: topicArn });
  };
  if (httpsOnly === true) {
    const Condition = { Bool: { 'aws:SecureTransport': 'false' } };
    add('IntermodalHttpsOnly', {
      Effect: 'Deny',
      Principal: '*',
      Action: 'sns:Publish',
      Condition,
    });
  }
  if (publishers.length > 0) {
    const Action = ['sns:Publish', 'sns:GetTopicAttributes'];
    add('IntermodalPublishers', { Effect: 'Allow', Principal: principals(publishers), Action });
  }
  if (subscribers.length > 0) {
    const Action = ['sns:Subscribe', 'sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'];
    add('IntermodalSubscribers', { Effect: 'Allow', Principal: principals(subscribers), Action });
  }
  if (buckets.length > 0) {
    // A bucket's ARN names no account: without the account, whoever takes over its name could publish here.
    const Condition = {
      ArnEquals: { 'aws:SourceArn': buckets },
      StringEquals: { 'aws:SourceAccount': account },
    };
    const Principal = { Service: 's3.amazonaws.com' };
    add('IntermodalBuckets', { Effect: 'Allow', Principal, Action: 'sns:Publish', Condition });
  }
  return statements;
}
