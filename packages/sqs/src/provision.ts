import {
  CreateQueueCommand,
  DeleteQueueCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  type SQSClient,
  TagQueueCommand,
} from '@aws-sdk/client-sqs';
import { type Address, type Admin, type Backlog, IntermodalError, type ProvisionPlan } from '@intermodal/core/driver';
import { invalid, type SqsTransportOptions } from './options.ts';
import { differingStatements, mergedPolicy, type PolicyStatement, statementsOf } from './queue-policy.ts';
import { type Attributes, call, placeOf, type QueueAt, type QueueReference, type Queues } from './queues.ts';
import { moveDeadLetters } from './redrive.ts';

/** On a queue it says which group consumes it: two groups on one queue would silently compete. */
export const groupTag = 'intermodal:group';

/** What one queue should be like. */
interface Wanted {
  readonly attributes: Attributes;
  readonly tags: Readonly<Record<string, string>>;
  readonly redrive: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number } | undefined;
  readonly statements: (queueArn: string) => readonly PolicyStatement[];
}

interface Found extends QueueAt {
  readonly attributes: Attributes;
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

const longestRetentionSeconds = 1_209_600;
const mostReceives = 1_000;

export function createAdmin(client: SQSClient, queues: Queues, options: SqsTransportOptions): Admin {
  const settings = options.provisioning ?? {};

  async function ensure(address: Address, wanted: Wanted, mode: ProvisionPlan['mode'], signal: AbortSignal): Promise<Found> {
    const reference = await queues.reference(address);
    const place = placeOf(reference.name);
    const change = mode === 'create' && !reference.foreign;
    const url = change ? await create(reference, wanted, signal) : await queues.url(reference, signal);
    const found = await inspect({ url, place }, signal);
    const owner = found.tags?.[groupTag];
    const group = wanted.tags[groupTag];
    if (owner !== undefined && group !== undefined && owner !== group) throw otherGroup(place, owner, group);
    if (change) await adjust(found, wanted, signal);
    else verify(found, wanted);
    return found;
  }

  async function create({ name }: QueueReference, wanted: Wanted, signal: AbortSignal): Promise<string> {
    const attributes = { ...wanted.attributes, ...(wanted.redrive === undefined ? {} : { RedrivePolicy: JSON.stringify(wanted.redrive) }) };
    const command = new CreateQueueCommand({ QueueName: name, Attributes: attributes, tags: { ...wanted.tags } });
    try {
      const output = await call(() => client.send(command, { abortSignal: signal }), placeOf(name));
      return output.QueueUrl ?? '';
    } catch (cause) {
      // It is there with other attributes; what differs is set below.
      if (!IntermodalError.is(cause, 'mismatch')) throw cause;
      return queues.url({ name, accountId: undefined, url: undefined, foreign: false }, signal);
    }
  }

  async function inspect(queue: QueueAt, signal: AbortSignal): Promise<Found> {
    const [attributes, tags] = await Promise.all([queues.attributes(queue, ['All'], signal), queues.tags(queue, signal)]);
    return { ...queue, attributes, arn: attributes.QueueArn ?? '', tags };
  }

  async function adjust(found: Found, wanted: Wanted, signal: AbortSignal): Promise<void> {
    const changes: Partial<Record<QueueAttributeName, string>> = {};
    for (const [name, value] of entriesOf(wanted.attributes)) if (found.attributes[name] !== value) changes[name] = value;
    const { redrive } = wanted;
    if (redrive !== undefined) {
      const difference = redriveDifference(found, redrive);
      if (difference === 'target') throw mismatch(found.place, [redriveText(found, redrive)]);
      if (difference !== undefined) changes.RedrivePolicy = JSON.stringify(redrive);
    }
    const policy = mergedPolicy(found.attributes.Policy, wanted.statements(found.arn));
    if (policy !== undefined) changes.Policy = policy;
    if (Object.keys(changes).length > 0) {
      await call(() => client.send(new SetQueueAttributesCommand({ QueueUrl: found.url, Attributes: changes }), { abortSignal: signal }), found.place);
    }
    const missing = Object.entries(wanted.tags).filter(([name, value]) => found.tags !== undefined && found.tags[name] !== value);
    if (missing.length === 0) return;
    await call(() => client.send(new TagQueueCommand({ QueueUrl: found.url, Tags: Object.fromEntries(missing) }), { abortSignal: signal }), found.place);
  }

  async function find(address: Address, signal: AbortSignal): Promise<QueueAt> {
    const reference = await queues.reference(address);
    return { url: await queues.url(reference, signal), place: placeOf(reference.name) };
  }

  async function arnOf(address: Address, signal: AbortSignal): Promise<string> {
    const { QueueArn = '' } = await queues.attributes(await find(address, signal), ['QueueArn'], signal);
    return QueueArn;
  }

  async function counts(address: Address, signal: AbortSignal): Promise<Omit<Backlog, 'deadLettered' | 'exact'>> {
    const found = await queues.attributes(await find(address, signal), ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'], signal);
    return {
      ready: Number(found.ApproximateNumberOfMessages ?? 0),
      inFlight: Number(found.ApproximateNumberOfMessagesNotVisible ?? 0),
      delayed: Number(found.ApproximateNumberOfMessagesDelayed ?? 0),
    };
  }

  async function deadLettersOf(address: Address, signal: AbortSignal): Promise<number> {
    try {
      const { ready, inFlight, delayed } = await counts({ channel: address.channel, role: 'dead-letter' }, signal);
      return ready + inFlight + delayed;
    } catch (error) {
      if (IntermodalError.is(error, 'not-found')) return 0;
      throw error;
    }
  }

  return {
    async provision(address, plan, signal) {
      const created = plan.mode === 'create';
      const retention = settings.deadLetterRetentionSeconds ?? (created ? longestRetentionSeconds : undefined);
      const common = { ...fifoAttributes(options), ...encryptionAttributes(settings.encryption) };
      const httpsOnly = (arn: string): readonly PolicyStatement[] => statementsOf({ httpsOnly: settings.access?.httpsOnly === true }, arn);
      const deadLetter: Wanted = { attributes: { ...common, ...seconds(retention) }, tags: settings.tags ?? {}, redrive: undefined, statements: httpsOnly };
      if (address.role === 'dead-letter') {
        await ensure(address, deadLetter, plan.mode, signal);
        return;
      }
      const target = plan.deadLetter === undefined ? undefined : await ensure(plan.deadLetter, deadLetter, plan.mode, signal);
      const main: Wanted = {
        attributes: { ...common, ...seconds(settings.retentionSeconds), ...settings.attributes },
        tags: { ...settings.tags, [groupTag]: address.group ?? address.channel },
        redrive: target === undefined ? undefined : { deadLetterTargetArn: target.arn, maxReceiveCount: maxReceives(plan, settings.maxReceiveCount) },
        statements: (arn) => statementsOf(settings.access ?? {}, arn),
      };
      await ensure(address, main, plan.mode, signal);
    },

    async backlog(address, signal) {
      const [main, deadLettered] = await Promise.all([counts(address, signal), deadLettersOf(address, signal)]);
      return { ...main, deadLettered, exact: false };
    },

    async redrive(address, { maxPerSecond }, signal) {
      const { channel } = address;
      const [sourceArn, targetArn] = await Promise.all([arnOf({ channel, role: 'dead-letter' }, signal), arnOf(address, signal)]);
      return moveDeadLetters(client, { sourceArn, targetArn, maxPerSecond, place: `sqs dead letters of '${channel}'` }, signal);
    },

    async purge(address, signal) {
      const queue = await find(address, signal);
      await call(() => client.send(new PurgeQueueCommand({ QueueUrl: queue.url }), { abortSignal: signal }), queue.place);
    },

    async remove(address, signal) {
      const queue = await find(address, signal);
      await call(() => client.send(new DeleteQueueCommand({ QueueUrl: queue.url }), { abortSignal: signal }), queue.place);
    },
  };
}

/** @throws `mismatch` saying everything that differs */
function verify(found: Found, wanted: Wanted): void {
  const differences: string[] = [];
  for (const [name, value] of entriesOf(wanted.attributes)) {
    const has = found.attributes[name];
    if (has !== value) differences.push(`${name} is ${has ?? 'not set'}, wanted ${value}`);
  }
  const { redrive } = wanted;
  if (redrive !== undefined && redriveDifference(found, redrive) !== undefined) differences.push(redriveText(found, redrive));
  for (const sid of differingStatements(found.attributes.Policy, wanted.statements(found.arn))) {
    differences.push(`Policy lacks the statement ${sid}, or has it otherwise`);
  }
  for (const [name, value] of Object.entries(wanted.tags)) {
    const has = found.tags === undefined ? value : found.tags[name];
    if (has !== value) differences.push(`tag ${name} is ${has ?? 'not set'}, wanted ${value}`);
  }
  if (differences.length > 0) throw mismatch(found.place, differences);
}

function mismatch(place: string, differences: readonly string[]): IntermodalError {
  return new IntermodalError('mismatch', `${place} is not as wanted: ${differences.join('; ')}`, { transport: 'sqs', address: place });
}

export function otherGroup(place: string, owner: string, group: string): IntermodalError {
  const text = `${place} belongs to group '${owner}': a second group, '${group}', would take messages from it. Use sns for several groups, or a channel each`;
  return new IntermodalError('unsupported', text, { transport: 'sqs', address: place });
}

type Redrive = NonNullable<Wanted['redrive']>;

function redriveOf({ attributes }: Found): Partial<Redrive> {
  return attributes.RedrivePolicy === undefined ? {} : (JSON.parse(attributes.RedrivePolicy) as Partial<Redrive>);
}

/** A higher count is as good: the service's own limit is only a net below core's. */
function redriveDifference(found: Found, wanted: Redrive): 'target' | 'count' | undefined {
  const has = redriveOf(found);
  if (has.deadLetterTargetArn !== undefined && has.deadLetterTargetArn !== wanted.deadLetterTargetArn) return 'target';
  return Number(has.maxReceiveCount ?? 0) < wanted.maxReceiveCount ? 'count' : undefined;
}

function redriveText(found: Found, wanted: Redrive): string {
  const { deadLetterTargetArn = 'nowhere', maxReceiveCount = 0 } = redriveOf(found);
  return `RedrivePolicy moves messages to ${deadLetterTargetArn} after ${maxReceiveCount} receives, wanted ${wanted.deadLetterTargetArn} after at least ${wanted.maxReceiveCount}`;
}

/** Giving back counts as a receive, so innocent followers of a failing message must stay far from the limit. */
function maxReceives(plan: ProvisionPlan, given: number | undefined): number {
  const least = Math.min(mostReceives, 10 * plan.maxAttempts);
  if (given === undefined) return least;
  if (Number.isInteger(given) && given >= least && given <= mostReceives) return given;
  throw invalid(`maxReceiveCount is ${given}: it must be from ${least}, ten times maxAttempts, to ${mostReceives}`);
}

function fifoAttributes(options: SqsTransportOptions): Attributes {
  if (options.fifo !== true) return {};
  const highThroughput: Attributes = { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' };
  return { FifoQueue: 'true', ...(options.provisioning?.highThroughput === true ? highThroughput : {}) };
}

function encryptionAttributes(encryption: NonNullable<SqsTransportOptions['provisioning']>['encryption']): Attributes {
  if (encryption === undefined) return {};
  if (encryption === 'sqs') return { SqsManagedSseEnabled: 'true' };
  const { kmsKeyId, dataKeyReuseSeconds } = encryption;
  return { KmsMasterKeyId: kmsKeyId, ...(dataKeyReuseSeconds === undefined ? {} : { KmsDataKeyReusePeriodSeconds: String(dataKeyReuseSeconds) }) };
}

function seconds(retention: number | undefined): Attributes {
  return retention === undefined ? {} : { MessageRetentionPeriod: String(retention) };
}

function entriesOf(attributes: Attributes): [QueueAttributeName, string][] {
  return Object.entries(attributes) as [QueueAttributeName, string][];
}
