import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  SetTopicAttributesCommand,
  TagResourceCommand,
} from '@aws-sdk/client-sns';
import {
  type Address,
  type Admin,
  IntermodalError,
  type ProvisionPlan,
} from '@intermodal/core/driver';
import { ask } from './ask.ts';
import {
  type Attributes,
  type Difference,
  topicDifferences,
  type WantedSubscription,
  wantedTopic,
} from './differences.ts';
import type { SnsTransportOptions } from './options.ts';
import type { GroupQueues } from './group-queues.ts';
import {
  adjustSubscription,
  findSubscription,
  inspectSubscription,
  subscribe,
  unsubscribe,
} from './subscriptions.ts';
import type { TopicAt, Topics } from './topics.ts';

export function createAdmin(
  topics: Topics,
  queues: GroupQueues,
  options: SnsTransportOptions,
): Admin {
  const { provisioning = {} } = options;
  const fifo = options.fifo === true;

  /** Resolves with what is wrong with a topic that is there; makes and mends it in the mode `create`. */
  async function ensureTopic(
    topic: TopicAt,
    mode: ProvisionPlan['mode'],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const isOurs = mode === 'create' && !topic.foreign;
    const actual = await topicAttributes(topic, signal).catch((error: unknown) => {
      if (isOurs && IntermodalError.is(error, 'not-found')) return create(topic, signal);
      throw error;
    });
    const differences = topicDifferences(topic.arn, actual, provisioning, fifo);
    const tags = await missingTags(topic, isOurs, signal);
    // What somebody else made is used as it is, and compared only where that is asked for.
    if (topic.foreign && mode === 'create') return [];
    if (!isOurs) return [...texts(differences), ...tags.map(([name]) => `tag ${name} differs`)];
    await adjustTopic(topic, differences, tags, signal);
    return texts(differences.filter(({ attribute }) => attribute === undefined));
  }

  async function create(topic: TopicAt, abortSignal: AbortSignal): Promise<Attributes> {
    const command = new CreateTopicCommand({
      Name: topic.name,
      Attributes: wantedTopic(provisioning, fifo),
      Tags: tagList(Object.entries(provisioning.tags ?? {})),
    });
    const made = await ask(topic.client.send(command, { abortSignal }), topic.place).catch(
      (error: unknown) => {
        // Another process was faster and wants other attributes; what differs is set afterwards.
        if (!IntermodalError.is(error, 'invalid-argument')) throw error;
        return undefined;
      },
    );
    if (made !== undefined && made.TopicArn !== topic.arn) throw elsewhere(topic, made.TopicArn);
    return topicAttributes(topic, abortSignal);
  }

  async function missingTags(
    topic: TopicAt,
    isOurs: boolean,
    abortSignal: AbortSignal,
  ): Promise<readonly (readonly [string, string])[]> {
    const wanted = Object.entries(provisioning.tags ?? {});
    if (wanted.length === 0 || (topic.foreign && !isOurs)) return [];
    const command = new ListTagsForResourceCommand({ ResourceArn: topic.arn });
    const { Tags = [] } = await ask(topic.client.send(command, { abortSignal }), topic.place);
    const has = new Map(Tags.map(({ Key, Value }) => [Key, Value]));
    return wanted.filter(([name, value]) => has.get(name) !== value);
  }

  async function adjustTopic(
    { client, arn, place }: TopicAt,
    differences: readonly Difference[],
    tags: readonly (readonly [string, string])[],
    abortSignal: AbortSignal,
  ): Promise<void> {
    for (const { attribute } of differences) {
      if (attribute === undefined) continue;
      const [AttributeName, AttributeValue] = attribute;
      const input = { TopicArn: arn, AttributeName, AttributeValue };
      await ask(client.send(new SetTopicAttributesCommand(input), { abortSignal }), place);
    }
    if (tags.length === 0) return;
    const command = new TagResourceCommand({ ResourceArn: arn, Tags: tagList(tags) });
    await ask(client.send(command, { abortSignal }), place);
  }

  async function ensureSubscription(
    topic: TopicAt,
    address: Address,
    plan: ProvisionPlan,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const queueArn = await queues.driver.queueArn(address, signal);
    const deadLetterArn =
      plan.deadLetter === undefined
        ? undefined
        : await queues.driver.queueArn(plan.deadLetter, signal);
    const wanted: WantedSubscription = {
      filter: options.filters?.[address.channel]?.[address.group ?? address.channel],
      deadLetterArn,
    };
    const isOurs = plan.mode === 'create';
    const arn = isOurs
      ? await subscribe(topic, queueArn, wanted, signal)
      : await findSubscription(topic, queueArn, signal);
    if (arn === undefined) return [`the queue ${queueArn} is not subscribed`];
    const differences = await inspectSubscription(topic, arn, wanted, signal);
    if (!isOurs) return texts(differences);
    await adjustSubscription(topic, arn, differences, signal);
    return texts(differences.filter(({ attribute }) => attribute === undefined));
  }

  return {
    async provision(address, plan, signal) {
      if (address.role === 'dead-letter') return queues.provision(address, plan, signal);
      const topic = await topics.find({ channel: address.channel, role: 'main' });
      const wrong = [...(await ensureTopic(topic, plan.mode, signal))];
      wrong.push(...(await mismatches(queues.provision(address, plan, signal))));
      wrong.push(...(await ensureSubscription(topic, address, plan, signal)));
      if (wrong.length > 0) throw mismatch(topic.place, wrong);
    },

    backlog: (address, signal) => queues.admin.backlog(address, signal),
    redrive: (address, redriveOptions, signal) =>
      queues.admin.redrive(address, redriveOptions, signal),
    purge: (address, signal) => queues.admin.purge(address, signal),

    /** A group goes with its queue and dead letters; without a group the topic goes, and its queues stay. */
    async remove(address, abortSignal) {
      if (address.role === 'dead-letter') return queues.admin.remove(address, abortSignal);
      const topic = await topics.find({ channel: address.channel, role: 'main' });
      if (address.group === undefined) {
        const command = new DeleteTopicCommand({ TopicArn: topic.arn });
        await ask(topic.client.send(command, { abortSignal }), topic.place);
        return;
      }
      await unsubscribe(topic, await queues.driver.queueArn(address, abortSignal), abortSignal);
      await queues.admin.remove(address, abortSignal);
    },
  };
}

/** @throws `not-found`, `permission-denied` */
export async function topicAttributes(
  { client, arn, place }: TopicAt,
  abortSignal: AbortSignal,
): Promise<Attributes> {
  const command = new GetTopicAttributesCommand({ TopicArn: arn });
  const { Attributes = {} } = await ask(client.send(command, { abortSignal }), place);
  return Attributes;
}

function tagList(tags: readonly (readonly [string, string])[]): { Key: string; Value: string }[] {
  return tags.map(([Key, Value]) => ({ Key, Value }));
}

function texts(differences: readonly Difference[]): readonly string[] {
  return differences.map(({ text }) => text);
}

/** What a queue's own comparison found, so that one error tells everything. */
async function mismatches(work: Promise<void>): Promise<readonly string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (IntermodalError.is(error, 'mismatch')) return [error.message];
    throw error;
  }
}

function mismatch(place: string, wrong: readonly string[]): IntermodalError {
  const options = { transport: 'sns', address: place };
  return new IntermodalError('mismatch', `${place} is not as wanted: ${wrong.join('; ')}`, options);
}

function elsewhere({ arn, place }: TopicAt, made: string | undefined): IntermodalError {
  const text = `${place} was created as ${made ?? 'nothing'}, wanted ${arn}: check accountId`;
  return new IntermodalError('mismatch', text, { transport: 'sns', address: place });
}
