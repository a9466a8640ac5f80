import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import { ask } from './ask.ts';
import { invalid, type SqsTransportOptions } from './options.ts';

/** Where a queue is looked for, before the service was asked. */
export interface QueueReference {
  readonly name: string;
  readonly accountId: string | undefined;
  /** Already known where the application gave it. */
  readonly url: string | undefined;
  /** By URL, by ARN or in another account: somebody else's to create and to change. */
  readonly foreign: boolean;
}

/** Finds queues and reads what is set on them. */
export interface Queues {
  /** By naming rule, `queues` option or the address itself. @throws `invalid-argument` */
  reference(address: Address): Promise<QueueReference>;
  /** @throws `not-found`, `permission-denied` */
  url(reference: QueueReference, signal: AbortSignal): Promise<string>;
  /** The same in one. */
  find(address: Address, signal: AbortSignal): Promise<QueueAt>;
  /** @throws `not-found`, `permission-denied` */
  arn(address: Address, signal: AbortSignal): Promise<string>;
  /** @throws `not-found`, `permission-denied` */
  attributes(
    queue: QueueAt,
    names: readonly QueueAttributeName[],
    signal: AbortSignal,
  ): Promise<Attributes>;
  /** Undefined where the caller may not read them. */
  tags(queue: QueueAt, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined>;
}

export interface QueueAt {
  readonly url: string;
  /** For error messages. */
  readonly place: string;
}

export type Attributes = Readonly<Partial<Record<QueueAttributeName, string>>>;

const arnPattern =
  /^arn:aws[a-z-]*:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$/;
const namePattern = /^(?:[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$/;

/** `orders`, `orders_dlq`, `orders.fifo`, `orders_dlq.fifo`: names of channels have no underscore, so none can collide. */
function defaultName(address: Address): string {
  return address.role === 'main' ? address.channel : `${address.channel}_dlq`;
}

export function placeOf(name: string): string {
  return `sqs queue '${name}'`;
}

export function createQueues(options: SqsTransportOptions, client: SQSClient): Queues {
  const suffix = options.fifo === true ? '.fifo' : '';

  function given(address: Address): string | undefined {
    if (address.native !== undefined) return address.native;
    const queues = options.queues?.[address.channel];
    if (typeof queues === 'string') return address.role === 'main' ? queues : undefined;
    return address.role === 'main' ? queues?.main : queues?.deadLetter;
  }

  async function reference(address: Address): Promise<QueueReference> {
    const native = given(address) ?? named((options.naming ?? defaultName)(address));
    const found = await parse(native);
    if (found.name.endsWith('.fifo') === (options.fifo === true)) return found;
    throw invalid(
      options.fifo === true
        ? `'${found.name}' is a standard queue and this transport is for FIFO queues: leave out fifo, or use a queue that ends in .fifo`
        : `'${found.name}' is a FIFO queue: set fifo: true, which also tells the compiler what it can do`,
    );
  }

  function named(name: string): string {
    return name.endsWith('.fifo') ? name : `${name}${suffix}`;
  }

  async function parse(native: string): Promise<QueueReference> {
    if (native.includes('://')) return fromUrl(native);
    const arn = arnPattern.exec(native);
    if (arn !== null) {
      const [, region = '', accountId, name = ''] = arn;
      await checkRegion(region, native);
      return { name, accountId, url: undefined, foreign: true };
    }
    if (namePattern.test(native))
      return {
        name: native,
        accountId: options.accountId,
        url: undefined,
        foreign: options.accountId !== undefined,
      };
    throw invalid(`'${native}' is no queue: it must be a queue's name, URL or ARN`);
  }

  /** Requests never follow the URL's host; one that points elsewhere is refused instead of silently ignored. */
  async function fromUrl(text: string): Promise<QueueReference> {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const name = url?.pathname.split('/').at(-1) ?? '';
    if (url === undefined || !namePattern.test(name))
      throw invalid('a queue URL must end in the name of a queue');
    if (
      client.config.endpoint === undefined &&
      process.env['AWS_ENDPOINT_URL_SQS'] === undefined &&
      process.env['AWS_ENDPOINT_URL'] === undefined
    ) {
      const region = regionOf(url);
      if (url.protocol !== 'https:' || region === undefined) {
        throw invalid(
          `the URL of queue '${name}' is not one of Amazon SQS: set endpoint to '${url.origin}' if requests are to go there`,
        );
      }
      await checkRegion(region, name);
    }
    return { name, accountId: undefined, url: text, foreign: true };
  }

  async function checkRegion(region: string, what: string): Promise<void> {
    const own = await client.config.region().catch((cause: unknown) => {
      throw new IntermodalError(
        'invalid-argument',
        'sqs: no region is known: set region, or AWS_REGION',
        { transport: 'sqs', cause },
      );
    });
    if (region !== own)
      throw invalid(
        `'${what}' is in ${region}, and this transport talks to ${own}: make one transport for each region`,
      );
  }

  async function urlOf(queue: QueueReference, signal: AbortSignal): Promise<string> {
    if (queue.url !== undefined) return queue.url;
    const input = {
      QueueName: queue.name,
      ...(queue.accountId === undefined ? {} : { QueueOwnerAWSAccountId: queue.accountId }),
    };
    const output = await ask(client, new GetQueueUrlCommand(input), placeOf(queue.name), signal);
    if (output.QueueUrl !== undefined) return output.QueueUrl;
    throw new IntermodalError('not-found', `${placeOf(queue.name)}: the service gave no URL`, {
      transport: 'sqs',
    });
  }

  async function find(address: Address, signal: AbortSignal): Promise<QueueAt> {
    const found = await reference(address);
    return { url: await urlOf(found, signal), place: placeOf(found.name) };
  }

  async function attributes(
    queue: QueueAt,
    names: readonly QueueAttributeName[],
    signal: AbortSignal,
  ): Promise<Attributes> {
    const input = { QueueUrl: queue.url, AttributeNames: [...names] };
    const output = await ask(client, new GetQueueAttributesCommand(input), queue.place, signal);
    return output.Attributes ?? {};
  }

  return {
    reference,
    url: urlOf,
    find,
    attributes,
    async arn(address, signal) {
      const { QueueArn = '' } = await attributes(await find(address, signal), ['QueueArn'], signal);
      return QueueArn;
    },
    async tags(queue, signal) {
      const command = new ListQueueTagsCommand({ QueueUrl: queue.url });
      try {
        const { Tags } = await ask(client, command, queue.place, signal);
        return Tags ?? {};
      } catch (error) {
        if (IntermodalError.is(error, 'permission-denied')) return undefined;
        if (IntermodalError.is(error, 'unsupported')) return undefined;
        throw error;
      }
    },
  };
}

/** The region in the host of a queue URL of AWS; nothing for any other host. */
function regionOf(url: URL): string | undefined {
  if (!/\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.test(url.hostname)) return undefined;
  return url.hostname.split('.').find((label) => /^[a-z]{2,4}(?:-[a-z]+)+-\d$/.test(label));
}
