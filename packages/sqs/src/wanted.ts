import type { QueueAttributeName } from '@aws-sdk/client-sqs';
import type { Address, ProvisionPlan } from '@intermodal/core/driver';
import { invalid, type SqsTransportOptions } from './options.ts';
import {
  differingStatements,
  mergedPolicy,
  type PolicyStatement,
  statementsOf,
} from './queue-policy.ts';
import type { Attributes } from './queues.ts';

/** What one queue should be like. */
export interface Wanted {
  readonly attributes: Attributes;
  readonly tags: Readonly<Record<string, string>>;
  readonly redrive: Redrive | undefined;
  readonly statements: (queueArn: string) => readonly PolicyStatement[];
}

interface Redrive {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

/** As the service tells it: the count may be text. */
interface RedriveText {
  readonly deadLetterTargetArn?: string;
  readonly maxReceiveCount?: number | string;
}

/** What one queue is like. */
export interface Actual {
  readonly arn: string;
  readonly attributes: Attributes;
  /** Undefined where they may not be read. */
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** One thing that is not as wanted. Without an attribute or tag to set it can only be told. */
export interface Difference {
  readonly text: string;
  readonly attribute?: readonly [QueueAttributeName, string];
  readonly tag?: readonly [string, string];
}

/** On a queue it says which group consumes it: two groups on one queue would silently compete. */
export const groupTag = 'intermodal:group';

const longestRetentionSeconds = 1_209_600;
const mostReceives = 1_000;

export function wantedMain(
  options: SqsTransportOptions,
  address: Address,
  plan: ProvisionPlan,
  deadLetterArn: string | undefined,
): Wanted {
  const { access = {}, attributes, retentionSeconds, tags } = options.provisioning ?? {};
  const maxReceiveCount = maxReceives(plan, options.provisioning?.maxReceiveCount);
  return {
    attributes: { ...common(options), ...retention(retentionSeconds), ...attributes },
    tags: { ...tags, [groupTag]: address.group ?? address.channel },
    redrive:
      deadLetterArn === undefined
        ? undefined
        : { deadLetterTargetArn: deadLetterArn, maxReceiveCount },
    statements: (arn) => statementsOf(typeof access === 'function' ? access(address) : access, arn),
  };
}

export function wantedDeadLetter(
  options: SqsTransportOptions,
  address: Address,
  mode: ProvisionPlan['mode'],
): Wanted {
  const { access = {}, deadLetterRetentionSeconds, tags = {} } = options.provisioning ?? {};
  // A default is given to new queues; of those that others made it is not demanded.
  const byDefault = mode === 'create' ? longestRetentionSeconds : undefined;
  return {
    attributes: { ...common(options), ...retention(deadLetterRetentionSeconds ?? byDefault) },
    tags,
    redrive: undefined,
    // What is said of all queues alike is meant for the main ones: nobody else writes dead letters.
    statements: (arn) =>
      statementsOf(
        typeof access === 'function' ? access(address) : { httpsOnly: access.httpsOnly === true },
        arn,
      ),
  };
}

export function differencesOf(actual: Actual, wanted: Wanted): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [name, value] of entriesOf(wanted.attributes)) {
    const has = actual.attributes[name];
    const text = `${name} is ${has ?? 'not set'}, wanted ${value}`;
    if (has !== value) differences.push({ text, attribute: [name, value] });
  }
  differences.push(...redriveDifference(actual, wanted.redrive));
  const { Policy } = actual.attributes;
  const statements = wanted.statements(actual.arn);
  const differing = differingStatements(Policy, statements);
  if (differing.length > 0) {
    const text = `Policy lacks ${differing.join(', ')}, or has it otherwise`;
    differences.push({ text, attribute: ['Policy', mergedPolicy(Policy, statements)] });
  }
  for (const [name, value] of Object.entries(wanted.tags)) {
    const has = actual.tags === undefined ? value : actual.tags[name];
    const text = `tag ${name} is ${has ?? 'not set'}, wanted ${value}`;
    if (has !== value) differences.push({ text, tag: [name, value] });
  }
  return differences;
}

/** A higher count is as good: the service's own limit is only a net below core's. Another target is somebody's choice. */
function redriveDifference(actual: Actual, wanted: Redrive | undefined): readonly Difference[] {
  if (wanted === undefined) return [];
  const { RedrivePolicy } = actual.attributes;
  const has = RedrivePolicy === undefined ? {} : (JSON.parse(RedrivePolicy) as RedriveText);
  const { deadLetterTargetArn: target, maxReceiveCount: count = 0 } = has;
  const isElsewhere = target !== undefined && target !== wanted.deadLetterTargetArn;
  if (!isElsewhere && Number(count) >= wanted.maxReceiveCount) return [];
  const text = `RedrivePolicy moves messages to ${target ?? 'nowhere'} after ${count} receives, wanted ${wanted.deadLetterTargetArn} after at least ${wanted.maxReceiveCount}`;
  return [isElsewhere ? { text } : { text, attribute: ['RedrivePolicy', JSON.stringify(wanted)] }];
}

/** Giving back counts as a receive, so innocent followers of a failing message must stay far from the limit. */
function maxReceives(plan: ProvisionPlan, given: number | undefined): number {
  const least = Math.min(mostReceives, 10 * plan.maxAttempts);
  if (given === undefined) return least;
  if (Number.isInteger(given) && given >= least && given <= mostReceives) return given;
  throw invalid(
    `maxReceiveCount is ${given}: it must be from ${least}, ten times maxAttempts, to ${mostReceives}`,
  );
}

function common({ fifo, provisioning = {} }: SqsTransportOptions): Attributes {
  const { encryption, highThroughput } = provisioning;
  const attributes: Record<string, string> = {};
  if (fifo === true) attributes['FifoQueue'] = 'true';
  if (fifo === true && highThroughput === true) {
    attributes['DeduplicationScope'] = 'messageGroup';
    attributes['FifoThroughputLimit'] = 'perMessageGroupId';
  }
  if (encryption === 'sqs') attributes['SqsManagedSseEnabled'] = 'true';
  else if (encryption !== undefined) {
    const { kmsKeyId, dataKeyReuseSeconds } = encryption;
    attributes['KmsMasterKeyId'] = kmsKeyId;
    if (dataKeyReuseSeconds !== undefined)
      attributes['KmsDataKeyReusePeriodSeconds'] = String(dataKeyReuseSeconds);
  }
  return attributes;
}

function retention(seconds: number | undefined): Attributes {
  return seconds === undefined ? {} : { MessageRetentionPeriod: String(seconds) };
}

function entriesOf(attributes: Attributes): [QueueAttributeName, string][] {
  return Object.entries(attributes) as [QueueAttributeName, string][];
}
