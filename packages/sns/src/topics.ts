import type { SNSClient } from '@aws-sdk/client-sns';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import { ask } from './ask.ts';
import type { Clients } from './clients.ts';
import { invalid } from './invalid.ts';
import type { SnsTransportOptions } from './options.ts';

/** A topic, whether it is there or not. */
export interface TopicAt {
  readonly arn: string;
  readonly name: string;
  /** Of the topic's region. */
  readonly client: SNSClient;
  /** For error messages. */
  readonly place: string;
  /** By ARN: somebody else's to create and to change. */
  readonly foreign: boolean;
}

/** Finds topics; none of it asks SNS. */
export interface Topics {
  /** By naming rule, `topics` option or the address itself. @throws `invalid-argument`, `permission-denied` */
  find(address: Address): Promise<TopicAt>;
}

/** Partition, region, account and name. */
export const topicArnPattern: RegExp =
  /^arn:(aws[a-z-]*):sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo)$/;
const namePattern = /^(?:[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo)$/;

export function createTopics(
  options: SnsTransportOptions,
  clients: Clients,
  identity: () => Promise<string>,
): Topics {
  const fifo = options.fifo === true;

  async function byName(name: string): Promise<TopicAt> {
    if (!namePattern.test(name))
      throw invalid(`'${name}' is no topic: it must be a name or an ARN`);
    const region = await regionOf(clients.main);
    const account = options.accountId ?? (await identity());
    return {
      arn: `arn:${partitionOf(region)}:sns:${region}:${account}:${name}`,
      name,
      client: clients.main,
      place: placeOf(name),
      foreign: false,
    };
  }

  return {
    async find(address) {
      const given =
        address.native ??
        options.topics?.[address.channel] ??
        named(options.naming?.(address.channel) ?? address.channel, fifo);
      const [, , region, , name] = topicArnPattern.exec(given) ?? [];
      if (region === undefined || name === undefined) {
        checkKind(given, fifo);
        return byName(given);
      }
      checkKind(name, fifo);
      const client = await clients.in(region);
      return { arn: given, name, client, place: placeOf(name), foreign: true };
    },
  };
}

function named(name: string, fifo: boolean): string {
  return fifo && !name.endsWith('.fifo') ? `${name}.fifo` : name;
}

function placeOf(name: string): string {
  return `sns topic '${name}'`;
}

function checkKind(name: string, fifo: boolean): void {
  if (name.endsWith('.fifo') === fifo) return;
  throw invalid(
    fifo
      ? `'${name}' is a standard topic and this transport is for FIFO topics: leave out fifo, or use a topic that ends in .fifo`
      : `'${name}' is a FIFO topic: set fifo: true, which also tells the compiler what it can do`,
  );
}

async function regionOf(client: SNSClient): Promise<string> {
  return client.config.region().catch((cause: unknown) => {
    const text = 'sns: no region is known: set region, or AWS_REGION';
    throw new IntermodalError('invalid-argument', text, { transport: 'sns', cause });
  });
}

/** @see https://docs.aws.amazon.com/general/latest/gr/rande.html */
export function partitionOf(region: string): string {
  const found = partitions.find(([prefix]) => region.startsWith(prefix));
  return found?.[1] ?? 'aws';
}

const partitions: readonly (readonly [string, string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-isof-', 'aws-iso-f'],
  ['us-isob-', 'aws-iso-b'],
  ['us-iso-', 'aws-iso'],
  ['eu-isoe-', 'aws-iso-e'],
  ['eusc-', 'aws-eusc'],
];

/** The account that signs, asked for once: of its credentials if they tell, else of STS. */
export function createIdentity(client: SNSClient): () => Promise<string> {
  let known: Promise<string> | undefined;
  async function find(): Promise<string> {
    const { accountId } = (await client.config.credentials()) as { readonly accountId?: string };
    return accountId ?? askSts(client);
  }
  return () => {
    known ??= ask(find(), 'the account of the caller').catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function askSts(client: SNSClient): Promise<string> {
  const { region, credentials, endpoint } = client.config;
  // Loaded only where it is needed: most credentials tell their account.
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const sts = new STSClient({
    region,
    credentials,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  try {
    const { Account = '' } = await sts.send(new GetCallerIdentityCommand({}));
    return Account;
  } finally {
    sts.destroy();
  }
}
