import { differingStatements, mergedPolicy } from '@intermodal/sqs/driver';
import { policyText, scopeText } from './filter/policy-text.ts';
import type { SnsFilter } from './filter/policy.ts';
import type { SnsProvisioning } from './options.ts';
import { topicStatements } from './topic-policy.ts';

/** As the API tells them, all as text. */
export type Attributes = Readonly<Record<string, string>>;

/** One thing that is not as wanted. Without an attribute to set it can only be told. */
export interface Difference {
  readonly text: string;
  readonly attribute?: readonly [string, string];
}

/** What `CreateTopic` is told; the policy is set once the topic's ARN is known. */
export function wantedTopic(provisioning: SnsProvisioning, fifo: boolean): Attributes {
  const { kmsKeyId, signatureVersion, maxMessageBytes, highThroughput, attributes } = provisioning;
  return {
    ...(fifo ? { FifoTopic: 'true' } : {}),
    ...(fifo && highThroughput === true ? { FifoThroughputScope: 'MessageGroup' } : {}),
    ...(kmsKeyId === undefined ? {} : { KmsMasterKeyId: kmsKeyId }),
    ...(signatureVersion === undefined ? {} : { SignatureVersion: signatureVersion }),
    ...(maxMessageBytes === undefined ? {} : { MaximumMessageSize: String(maxMessageBytes) }),
    ...attributes,
  };
}

export function topicDifferences(
  arn: string,
  actual: Attributes,
  provisioning: SnsProvisioning,
  fifo: boolean,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [name, value] of Object.entries(wantedTopic(provisioning, fifo))) {
    const has = actual[name];
    if (has === value) continue;
    const text = `${name} is ${has ?? 'not set'}, wanted ${value}`;
    // What a topic is, it is from its creation.
    differences.push(name === 'FifoTopic' ? { text } : { text, attribute: [name, value] });
  }
  const statements = topicStatements(provisioning.access ?? {}, arn);
  const differing = differingStatements(actual['Policy'], statements);
  if (differing.length > 0) {
    const text = `Policy lacks ${differing.join(', ')}, or has it otherwise`;
    const merged = mergedPolicy(actual['Policy'], statements);
    differences.push({ text, attribute: ['Policy', merged] });
  }
  return differences;
}

/** What a group's subscription should be like. */
export interface WantedSubscription {
  readonly filter: SnsFilter | undefined;
  readonly deadLetterArn: string | undefined;
}

/** In the order in which they can be set: a policy is read by the scope that stands. */
export function wantedSubscription({ filter, deadLetterArn }: WantedSubscription): Attributes {
  return {
    RawMessageDelivery: 'true',
    ...(filter === undefined
      ? {}
      : { FilterPolicyScope: scopeText(filter), FilterPolicy: policyText(filter) }),
    ...(deadLetterArn === undefined
      ? {}
      : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterArn }) }),
  };
}

export function subscriptionDifferences(
  actual: Attributes,
  wanted: WantedSubscription,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [name, value] of Object.entries(wantedSubscription(wanted))) {
    const has = actual[name] ?? (name === 'FilterPolicyScope' ? 'MessageAttributes' : undefined);
    if (has !== undefined && canonical(has) === canonical(value)) continue;
    const text = `its subscription has ${name} ${has ?? 'not set'}, wanted ${value}`;
    differences.push({ text, attribute: [name, value] });
  }
  const policy = actual['FilterPolicy'];
  if (wanted.filter === undefined && policy !== undefined && !isEmpty(policy)) {
    // Somebody wants it so, and it keeps messages away: neither is ours to decide without a word.
    differences.push({
      text: `its subscription has the FilterPolicy ${policy}, and filters says none: state it there, or remove it`,
    });
  }
  if (actual['PendingConfirmation'] === 'true')
    differences.push({ text: 'its subscription waits for the confirmation of its owner' });
  return differences;
}

function isEmpty(policy: string): boolean {
  return /^\s*(?:\{\s*\})?\s*$/.test(policy);
}

/** The service may write JSON with other spaces, and its members in another order. */
function canonical(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, inner]) => [name, sorted(inner)] as const);
  return Object.fromEntries(members.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
