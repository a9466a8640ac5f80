import {
  CreateQueueCommand,
  DeleteQueueCommand,
  PurgeQueueCommand,
  SetQueueAttributesCommand,
  type SQSClient,
  TagQueueCommand,
} from '@aws-sdk/client-sqs';
import {
  type Address,
  type Admin,
  type Backlog,
  IntermodalError,
  type ProvisionPlan,
} from '@intermodal/core/driver';
import { ask } from './ask.ts';
import type { SqsTransportOptions } from './options.ts';
import { placeOf, type QueueAt, type QueueReference, type Queues } from './queues.ts';
import { moveDeadLetters } from './redrive.ts';
import {
  type Actual,
  type Difference,
  differencesOf,
  groupTag,
  type Wanted,
  wantedDeadLetter,
  wantedMain,
} from './wanted.ts';

interface Inspected extends Actual {
  readonly url: string;
}

export function createAdmin(
  client: SQSClient,
  queues: Queues,
  options: SqsTransportOptions,
): Admin {
  /** Resolves with the queue's ARN once it is as wanted. */
  async function ensure(
    address: Address,
    wanted: Wanted,
    mode: ProvisionPlan['mode'],
    signal: AbortSignal,
  ): Promise<string> {
    const reference = await queues.reference(address);
    const place = placeOf(reference.name);
    const isOurs = mode === 'create' && !reference.foreign;
    // Looked for first: creating it once more could overwrite the tag that says whose it is.
    const there = await inspect(reference, signal).catch((error: unknown) => {
      if (isOurs && IntermodalError.is(error, 'not-found')) return undefined;
      throw error;
    });
    const { url, ...actual } = there ?? (await create(reference, wanted, signal));
    checkGroup(place, actual.tags?.[groupTag], wanted.tags[groupTag]);
    const differences = differencesOf(actual, wanted);
    const isMendable = differences.every(({ attribute, tag }) => (attribute ?? tag) !== undefined);
    if (differences.length > 0 && !(isOurs && isMendable)) throw mismatch(place, differences);
    await adjust({ url, place }, differences, signal);
    return actual.arn;
  }

  async function create(
    reference: QueueReference,
    { attributes, redrive, tags }: Wanted,
    signal: AbortSignal,
  ): Promise<Inspected> {
    const command = new CreateQueueCommand({
      QueueName: reference.name,
      Attributes: {
        ...attributes,
        ...(redrive === undefined ? {} : { RedrivePolicy: JSON.stringify(redrive) }),
      },
      ...(Object.keys(tags).length === 0 ? {} : { tags: { ...tags } }),
    });
    await ask(client, command, placeOf(reference.name), signal).catch((error: unknown) => {
      // Another process was faster and wants other attributes; what differs is set afterwards.
      if (!IntermodalError.is(error, 'mismatch')) throw error;
    });
    return inspect(reference, signal);
  }

  async function inspect(reference: QueueReference, signal: AbortSignal): Promise<Inspected> {
    const queue = { url: await queues.url(reference, signal), place: placeOf(reference.name) };
    const [attributes, tags] = await Promise.all([
      queues.attributes(queue, ['All'], signal),
      queues.tags(queue, signal),
    ]);
    return { url: queue.url, attributes, arn: attributes.QueueArn ?? '', tags };
  }

  async function adjust(
    { url, place }: QueueAt,
    differences: readonly Difference[],
    signal: AbortSignal,
  ): Promise<void> {
    const Attributes = Object.fromEntries(
      differences.flatMap(({ attribute }) => (attribute ? [attribute] : [])),
    );
    const Tags = Object.fromEntries(differences.flatMap(({ tag }) => (tag ? [tag] : [])));
    if (Object.keys(Attributes).length > 0)
      await ask(
        client,
        new SetQueueAttributesCommand({ QueueUrl: url, Attributes }),
        place,
        signal,
      );
    if (Object.keys(Tags).length > 0)
      await ask(client, new TagQueueCommand({ QueueUrl: url, Tags }), place, signal);
  }

  async function counts(
    address: Address,
    signal: AbortSignal,
  ): Promise<Omit<Backlog, 'deadLettered' | 'exact'>> {
    const found = await queues.attributes(
      await queues.find(address, signal),
      [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
      signal,
    );
    return {
      ready: Number(found.ApproximateNumberOfMessages ?? 0),
      inFlight: Number(found.ApproximateNumberOfMessagesNotVisible ?? 0),
      delayed: Number(found.ApproximateNumberOfMessagesDelayed ?? 0),
    };
  }

  async function remove(address: Address, signal: AbortSignal): Promise<void> {
    const queue = await queues.find(address, signal);
    await ask(client, new DeleteQueueCommand({ QueueUrl: queue.url }), queue.place, signal);
  }

  return {
    async provision(address, plan, signal) {
      const { mode } = plan;
      const ensureDeadLetters = (at: Address): Promise<string> =>
        ensure(at, wantedDeadLetter(options, at, mode), mode, signal);
      if (address.role === 'dead-letter') {
        await ensureDeadLetters(address);
        return;
      }
      const arn =
        plan.deadLetter === undefined ? undefined : await ensureDeadLetters(plan.deadLetter);
      const main = wantedMain(options, address, plan, arn);
      await ensure(address, main, mode, signal);
    },

    async backlog(address, signal) {
      const nothing = { ready: 0, inFlight: 0, delayed: 0 };
      const missing = (error: unknown): typeof nothing => {
        if (IntermodalError.is(error, 'not-found')) return nothing;
        throw error;
      };
      const [main, dead] = await Promise.all([
        counts(address, signal),
        address.role === 'main' ? counts(deadLettersOf(address), signal).catch(missing) : nothing,
      ]);
      return { ...main, deadLettered: dead.ready + dead.inFlight + dead.delayed, exact: false };
    },

    async redrive(address, { maxPerSecond }, signal) {
      const [sourceArn, targetArn] = await Promise.all([
        queues.arn(deadLettersOf(address), signal),
        queues.arn(address, signal),
      ]);
      const place = `sqs dead letters of '${address.channel}'`;
      return moveDeadLetters(client, { sourceArn, targetArn, maxPerSecond, place }, signal);
    },

    async purge(address, signal) {
      const queue = await queues.find(address, signal);
      await ask(client, new PurgeQueueCommand({ QueueUrl: queue.url }), queue.place, signal);
    },

    /** A channel goes with its dead letters. */
    async remove(address, signal) {
      await remove(address, signal);
      if (address.role === 'dead-letter') return;
      await remove(deadLettersOf(address), signal).catch((error: unknown) => {
        if (!IntermodalError.is(error, 'not-found')) throw error;
      });
    },
  };
}

function deadLettersOf({ channel, group }: Address): Address {
  return { channel, ...(group === undefined ? {} : { group }), role: 'dead-letter' };
}

/** @throws `unsupported` where the queue belongs to another group */
export function checkGroup(
  place: string,
  owner: string | undefined,
  group: string | undefined,
): void {
  if (owner === undefined || group === undefined || owner === group) return;
  const text = `${place} belongs to group '${owner}': a second group, '${group}', would take messages from it. Use sns for several groups, or a channel each`;
  throw new IntermodalError('unsupported', text, { transport: 'sqs', address: place });
}

function mismatch(place: string, differences: readonly Difference[]): IntermodalError {
  const text = differences.map((difference) => difference.text).join('; ');
  return new IntermodalError('mismatch', `${place} is not as wanted: ${text}`, {
    transport: 'sqs',
    address: place,
  });
}
