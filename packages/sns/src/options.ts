import type { SNSClient, SNSClientConfig } from '@aws-sdk/client-sns';
import type { WireMessage } from '@intermodal/core/driver';
import type { SqsProvisioning, SqsTransportOptions } from '@intermodal/sqs';
import { checkFilters } from './filter/check-filters.ts';
import type { SnsFilters } from './filter/policy.ts';
import { invalid } from './invalid.ts';
import type { TopicAccess } from './topic-policy.ts';

/** What `provision` asks of the topics it creates; what is left out stays as the service has it. */
export interface SnsProvisioning {
  /** A KMS key of your own; SNS keeps what is not encrypted with one in memory and on disk in the clear. */
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Of what HTTP endpoints are sent: RSA with SHA-1 or SHA-256. @defaultValue the service's, `1` */
  readonly signatureVersion?: '1' | '2';
  /** `MaximumMessageSize`, 1,024 to 1,048,576; above 262,144 only SQS, Firehose and Lambda may subscribe. @defaultValue the service's, 262,144 */
  readonly maxMessageBytes?: number;
  /** FIFO: deduplication and throughput by message group, of topics and queues. @defaultValue false */
  readonly highThroughput?: boolean;
  /** Who else may use the topics. */
  readonly access?: TopicAccess;
  /** Any other attribute of the topic, by its name in the SNS API. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** How the queues of the groups are made and read; what is not here is the topic's to say. */
export interface SnsQueueOptions extends Omit<
  SqsTransportOptions,
  'fifo' | 'fairQueues' | 'maxMessageBytes' | 'provisioning'
> {
  /** What `provision` makes of the queues, and `verify` demands of them; the topic may always deliver. */
  readonly provisioning?: Omit<SqsProvisioning, 'access' | 'highThroughput'>;
}

/** How topics are found, who is subscribed to them, and how both are used. */
export interface SnsTransportOptions<F extends boolean | undefined = boolean | undefined> {
  /** FIFO topics and queues: order by key, deduplication. @defaultValue false */
  readonly fifo?: F;
  /** Standard topics: the key becomes the message group, which queues serve fairly and in no order. @defaultValue false */
  readonly fairQueues?: boolean;
  /** Of topics given by name, and of the queues. @defaultValue what the AWS SDK finds in the environment */
  readonly region?: string;
  /** Where requests go instead of the services' own addresses. An `http:` address is not encrypted. */
  readonly endpoint?: string;
  /** Who signs the requests. @defaultValue the AWS SDK's chain of credential providers */
  readonly credentials?: NonNullable<SNSClientConfig['credentials']>;
  /** Publishes and administrates. It stays the caller's to destroy; its retries count as the driver's. */
  readonly client?: SNSClient;
  /** The topic's name for a channel; `.fifo` is added where it lacks. @defaultValue the channel's name */
  readonly naming?: (channel: string) => string;
  /** Topics by channel, before `naming`: names, or ARNs of any region and account. One given by ARN is never created or changed. */
  readonly topics?: Readonly<Record<string, string>>;
  /** The AWS account that owns topics given by name. @defaultValue the caller's, which costs one question to STS */
  readonly accountId?: string;
  /** The queues of the groups. @defaultValue `orders_billing`, `orders_billing_dlq` */
  readonly queues?: SnsQueueOptions;
  /** What a group is delivered, by channel and group; what is not here is delivered everything. */
  readonly filters?: SnsFilters;
  /** Headers that travel as numbers or lists, which numeric and list filters need. @defaultValue all are strings */
  readonly attributeTypes?: SnsAttributeTypes;
  /** The subject of a message for e-mail subscribers and envelopes: up to 99 characters in one line. */
  readonly subject?: (message: WireMessage) => string | undefined;
  /** Used where the topic's own limit may not be read. @defaultValue 262,144 */
  readonly maxMessageBytes?: number;
  /** A request without an answer for this long is given up. @defaultValue 15,000 */
  readonly requestTimeoutMs?: number;
  /** A connection that takes longer is given up. @defaultValue 5,000 */
  readonly connectTimeoutMs?: number;
  /** What `provision` makes of the topics, and `verify` demands of them. */
  readonly provisioning?: SnsProvisioning;
}

/** By header. */
export type SnsAttributeTypes = Readonly<Record<string, 'Number' | 'String.Array'>>;

/** Of a topic that says nothing else. */
export const serviceMaxBytes = 262_144;
const largestMaxBytes = 1_048_576;

const ranges = {
  maxMessageBytes: [1_024, largestMaxBytes],
  requestTimeoutMs: [100, 900_000],
  connectTimeoutMs: [100, 900_000],
} as const;

/** @throws `invalid-argument` */
export function checkOptions(options: SnsTransportOptions): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most))
      continue;
    throw invalid(`${name} is ${value}: it must be a whole number from ${least} to ${most}`);
  }
  if (options.fifo === true && options.fairQueues === true)
    throw invalid('fairQueues is for standard topics: leave it out, or leave out fifo');
  if (options.accountId !== undefined && !/^\d{12}$/.test(options.accountId))
    throw invalid('accountId must have twelve digits');
  for (const [name, type] of Object.entries<string>(options.attributeTypes ?? {})) {
    if (type !== 'Number' && type !== 'String.Array')
      throw invalid(`attributeTypes: '${name}' must be 'Number' or 'String.Array'`);
  }
  checkFilters(options.filters ?? {});
  if (
    options.client !== undefined &&
    (options.region ?? options.endpoint ?? options.credentials) !== undefined
  ) {
    throw invalid(
      'region, endpoint and credentials belong to the client that is given: set them there, and in queues',
    );
  }
}
