import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KinesisClient, KinesisClientConfig } from '@aws-sdk/client-kinesis';
import { type Address, IntermodalError, type WireMessage } from '@intermodal/core/driver';

/** KPL aggregation: many messages in one record, a record for each shard. */
export interface KinesisAggregation {
  /** Of one record, 1,024 to 1,048,576. @defaultValue 51,200, as the Kinesis Producer Library has it */
  readonly maxBytes?: number;
  /** Messages of one record. @defaultValue 4,096 */
  readonly maxCount?: number;
  /** How long a message waits for company while a request is under way, milliseconds. @defaultValue 100 */
  readonly lingerMs?: number;
}

/** What `provision` asks of the streams it creates; what is left out stays as the service has it. */
export interface KinesisProvisioning {
  /** `on-demand`, or a number of shards. @defaultValue `on-demand` */
  readonly capacity?: 'on-demand' | { readonly shards: number };
  /** Of the streams for dead letters. @defaultValue one shard */
  readonly deadLetterCapacity?: 'on-demand' | { readonly shards: number };
  /** Largest record, 1,024 to 10,240 KiB; that of dead letters is twice as much. @defaultValue the service's, 1,024 */
  readonly maxRecordKiB?: number;
  /** 24 to 8,760. @defaultValue the service's, 24 */
  readonly retentionHours?: number;
  /** Of the streams for dead letters. @defaultValue 168 */
  readonly deadLetterRetentionHours?: number;
  /** A KMS key by id, ARN or alias, `alias/aws/kinesis` among them. @defaultValue none */
  readonly encryptionKeyId?: string;
  /** Of streams and lease tables. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** How the workers of a group share the shards of a stream. */
export interface KinesisLeasing {
  /** The DynamoDB table of a group. @defaultValue `orders_billing`: the name of the application, as the KCL has it */
  readonly table?: (address: Address) => string;
  /**
   * A worker that has not renewed its leases for this long has lost them, 500 to 600,000 milliseconds.
   *
   * @defaultValue 10,000
   */
  readonly failoverMs?: number;
  /** How long the next owner of a shard waits for the old one to finish its handlers. @defaultValue 30,000 */
  readonly handOverMs?: number;
  /** Shards that one worker reads, at most. @defaultValue no limit */
  readonly maxShards?: number;
}

/** How streams are found, and how they are used. */
export interface KinesisTransportOptions {
  /** Of streams and tables. @defaultValue what the AWS SDK finds in the environment */
  readonly region?: string;
  /** Where requests go instead of Kinesis's own address. An `http:` address is not encrypted. */
  readonly endpoint?: string;
  /** The same for DynamoDB. */
  readonly leaseEndpoint?: string;
  /** Who signs the requests. @defaultValue the AWS SDK's chain of credential providers */
  readonly credentials?: NonNullable<KinesisClientConfig['credentials']>;
  /** Stays the caller's to destroy; its retries count as the driver's. */
  readonly client?: KinesisClient;
  /** For leases. It stays the caller's to destroy. */
  readonly leaseClient?: DynamoDBClient;
  /** The stream's name for an address. @defaultValue `orders`, and `orders_dlq` for the dead letters of all its groups */
  readonly naming?: (address: Address) => string;
  /** Streams by channel, as a name or an ARN, before `naming`. One given by ARN is never created or changed. */
  readonly streams?: Readonly<Record<string, string>>;
  /**
   * `none` sends bodies as they are: headers are refused then, and ids are those of the records.
   *
   * @defaultValue `cloudevents`
   */
  readonly envelope?: 'cloudevents' | 'none';
  /** The explicit hash key of a message, a decimal number below 2^128; undefined leaves it to the partition key. */
  readonly hashKey?: (message: WireMessage) => string | undefined;
  /** Several messages in one record, in the format of the Kinesis Producer Library. @defaultValue off */
  readonly aggregation?: KinesisAggregation | 'kpl';
  /** PutRecords requests of one sender under way at once. @defaultValue 10 */
  readonly maxInFlight?: number;
  /** Of a record with its key, where the stream's own limit may not be read. @defaultValue 1,048,576 */
  readonly maxRecordBytes?: number;
  /**
   * `fan-out` has shards push to each group with a share of their throughput of its own, which is billed: the group is
   * registered as a stream consumer of the name of its application.
   *
   * @defaultValue `polling`
   */
  readonly reading?: 'polling' | 'fan-out';
  /** How long a shard without news is left alone, 200 to 60,000 milliseconds. @defaultValue 1,000 */
  readonly pollMs?: number;
  /** Records asked for at once, 1 to 10,000. @defaultValue 10,000 */
  readonly maxRecordsPerRead?: number;
  readonly leasing?: KinesisLeasing;
  /** A request without an answer for this long is given up. @defaultValue 15,000 */
  readonly requestTimeoutMs?: number;
  /** What `provision` makes of the streams, and `verify` demands of them. */
  readonly provisioning?: KinesisProvisioning;
}

/** Of a record with its partition key, unless the stream is set to take more. */
export const defaultRecordBytes = 1_048_576;

const ranges = {
  maxInFlight: [1, 1_000],
  maxRecordBytes: [1_024, 10_485_760],
  pollMs: [200, 60_000],
  maxRecordsPerRead: [1, 10_000],
  requestTimeoutMs: [100, 900_000],
} as const;

const leasingRanges = {
  failoverMs: [500, 600_000],
  handOverMs: [0, 3_600_000],
  maxShards: [1, 100_000],
} as const;

const aggregationRanges = {
  maxBytes: [1_024, 1_048_576],
  maxCount: [2, 100_000],
  lingerMs: [0, 60_000],
} as const;

/** @throws `invalid-argument` */
export function checkOptions(options: KinesisTransportOptions): void {
  checkRanges('', options, ranges);
  checkRanges('leasing.', options.leasing ?? {}, leasingRanges);
  checkRanges('aggregation.', aggregationOf(options) ?? {}, aggregationRanges);
  if (
    options.client !== undefined &&
    (options.region ?? options.endpoint ?? options.credentials) !== undefined
  ) {
    throw invalid(
      'region, endpoint and credentials belong to the client that is given: set them there',
    );
  }
  if (options.leaseClient !== undefined && options.leaseEndpoint !== undefined)
    throw invalid('leaseEndpoint belongs to the client that is given: set it there');
}

/** Undefined where every message is a record of its own. */
export function aggregationOf({
  aggregation,
}: KinesisTransportOptions): KinesisAggregation | undefined {
  return aggregation === 'kpl' ? {} : aggregation;
}

function checkRanges(
  prefix: string,
  given: object,
  limits: Readonly<Record<string, readonly [number, number]>>,
): void {
  for (const [name, [least, most]] of Object.entries(limits)) {
    const value: unknown = Reflect.get(given, name);
    if (value === undefined) continue;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
      continue;
    throw invalid(
      `${prefix}${name} is ${JSON.stringify(value)}: it must be a whole number from ${least} to ${most}`,
    );
  }
}

export function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `kinesis: ${text}`, { transport: 'kinesis' });
}
