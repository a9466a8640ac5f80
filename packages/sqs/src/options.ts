import type { SQSClient, SQSClientConfig } from '@aws-sdk/client-sqs';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import type { QueueAccess } from './queue-policy.ts';

/** The queues of one channel, each as a name, a URL or an ARN. */
export interface SqsQueues {
  readonly main?: string;
  readonly deadLetter?: string;
}

/** What `provision` asks of the queues it creates; what is left out stays as the service has it. */
export interface SqsProvisioning {
  /** `sqs` for keys that SQS manages, or a KMS key. @defaultValue the service's own default, SSE-SQS */
  readonly encryption?:
    | 'sqs'
    | {
        readonly kmsKeyId: string;
        /** How long a data key is used again: 60 to 86,400 seconds. @defaultValue 300 */
        readonly dataKeyReuseSeconds?: number;
      };
  /** Of both queues; the group's own tag comes on top. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Seconds that a message is kept, 60 to 1,209,600. @defaultValue the service's, 4 days */
  readonly retentionSeconds?: number;
  /**
   * On a standard queue a dead letter keeps the age it had, so this should be longer than `retentionSeconds`.
   *
   * @defaultValue 1,209,600, which is 14 days
   */
  readonly deadLetterRetentionSeconds?: number;
  /** Deliveries after which SQS itself moves a message to the dead letters. @defaultValue 10 × `maxAttempts`, at most 1,000 */
  readonly maxReceiveCount?: number;
  /** Who else may use the queue; as a function, by address, and then of the dead letters too. */
  readonly access?: QueueAccess | ((address: Address) => QueueAccess);
  /** FIFO: order, deduplication and throughput by message group instead of by queue. @defaultValue false */
  readonly highThroughput?: boolean;
  /** Any other attribute of the main queue, by its name in the SQS API. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** How queues are found, and how they are used. */
export interface SqsTransportOptions<F extends boolean | undefined = boolean | undefined> {
  /** FIFO queues: order by key, deduplication, no delay. @defaultValue false */
  readonly fifo?: F;
  /** Standard queues: the key becomes the message group, which SQS serves fairly and in no order. @defaultValue false */
  readonly fairQueues?: boolean;
  /** Of the queues. @defaultValue what the AWS SDK finds in the environment */
  readonly region?: string;
  /** Where requests go instead of the service's own address. An `http:` address is not encrypted. */
  readonly endpoint?: string;
  /** Who signs the requests. @defaultValue the AWS SDK's chain of credential providers */
  readonly credentials?: NonNullable<SQSClientConfig['credentials']>;
  /** Sends, settles and administrates. It stays the caller's to destroy; its retries count as the driver's. */
  readonly client?: SQSClient;
  /** Receives, made with `md5: false`. @defaultValue one with the region, credentials and endpoint of `client` */
  readonly receiveClient?: SQSClient;
  /** The queue's name for an address; `.fifo` is added where it lacks. @defaultValue `orders`, `orders_dlq` */
  readonly naming?: (address: Address) => string;
  /** Queues by channel, before `naming`. One given by URL or ARN is never created or changed. */
  readonly queues?: Readonly<Record<string, string | SqsQueues>>;
  /** The AWS account that owns queues given by name. @defaultValue the caller's */
  readonly accountId?: string;
  /** Long polling, 0 to 20 seconds; never more than half of the lease. @defaultValue 20 */
  readonly waitSeconds?: number;
  /** The visibility timeout of a delivery where a consumer asks for none, 2,000 to 43,200,000. @defaultValue 30,000 */
  readonly leaseMs?: number;
  /** Polls of one receiver under way at once. @defaultValue 10 */
  readonly maxConcurrentReceives?: number;
  /** Used where the queue's own limit may not be read. @defaultValue 1,048,576 */
  readonly maxMessageBytes?: number;
  /** `keep` hands the envelope of a non-raw SNS subscription to the application as it is. @defaultValue `unwrap` */
  readonly snsEnvelopes?: 'unwrap' | 'keep';
  /** Of received bodies. `none` for hosts without MD5. @defaultValue `md5` where the host has it */
  readonly checksum?: 'md5' | 'none';
  /** A request without an answer for this long is given up; a poll's waiting time comes on top. @defaultValue 15,000 */
  readonly requestTimeoutMs?: number;
  /** A connection that takes longer is given up. @defaultValue 5,000 */
  readonly connectTimeoutMs?: number;
  /** What `provision` makes of the queues, and `verify` demands of them. */
  readonly provisioning?: SqsProvisioning;
}

/** The longest that SQS keeps a message invisible, counted from its receipt. */
export const maxLeaseSeconds = 43_200;
/** Body and attributes of a message, and of a whole batch. */
export const serviceMaxBytes = 1_048_576;

export function waitSecondsOf({ waitSeconds = 20 }: SqsTransportOptions): number {
  return waitSeconds;
}

const ranges = {
  waitSeconds: [0, 20],
  leaseMs: [2_000, maxLeaseSeconds * 1_000],
  maxConcurrentReceives: [1, 1_000],
  maxMessageBytes: [1_024, serviceMaxBytes],
  requestTimeoutMs: [100, 900_000],
  connectTimeoutMs: [100, 900_000],
} as const;

/** @throws `invalid-argument` */
export function checkOptions(options: SqsTransportOptions): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most))
      continue;
    throw invalid(`${name} is ${value}: it must be a whole number from ${least} to ${most}`);
  }
  if (options.fifo === true && options.fairQueues === true) {
    throw invalid('fairQueues is for standard queues: leave it out, or leave out fifo');
  }
  if (options.receiveClient !== undefined && options.receiveClient.config.md5 !== false) {
    throw invalid(
      'receiveClient must be made with md5: false, or one bad checksum would hide a whole batch',
    );
  }
  if (
    options.client !== undefined &&
    (options.region ?? options.endpoint ?? options.credentials) !== undefined
  ) {
    throw invalid(
      'region, endpoint and credentials belong to the client that is given: set them there',
    );
  }
}

export function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `sqs: ${text}`, { transport: 'sqs' });
}
