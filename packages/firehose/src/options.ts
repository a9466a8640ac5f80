import type {
  CreateDeliveryStreamCommandInput,
  FirehoseClient,
  FirehoseClientConfig,
} from '@aws-sdk/client-firehose';
import { type Address, IntermodalError } from '@intermodal/core/driver';

/** What a delivery stream that `provision` creates is made of: its destination above all, as the AWS SDK has it. */
export type FirehoseStreamSettings = Omit<
  CreateDeliveryStreamCommandInput,
  'DeliveryStreamName' | 'DeliveryStreamType' | 'KinesisStreamSourceConfiguration'
>;

/** How delivery streams are found, and how they are used. */
export interface FirehoseTransportOptions {
  /** @defaultValue what the AWS SDK finds in the environment */
  readonly region?: string;
  /** Where requests go instead of Firehose's own address. An `http:` address is not encrypted. */
  readonly endpoint?: string;
  /** Who signs the requests. @defaultValue the AWS SDK's chain of credential providers */
  readonly credentials?: NonNullable<FirehoseClientConfig['credentials']>;
  /** Stays the caller's to destroy; its retries count as the driver's. */
  readonly client?: FirehoseClient;
  /** The delivery stream's name for an address. @defaultValue `orders`, and `orders_dlq` for dead letters */
  readonly naming?: (address: Address) => string;
  /** Names of delivery streams by channel, before `naming`. */
  readonly streams?: Readonly<Record<string, string>>;
  /**
   * `none`: the body is the record, without id, key, time, type and headers; a message with headers is refused.
   *
   * @defaultValue `cloudevents`, one line of JSON
   */
  readonly envelope?: 'cloudevents' | 'none';
  /** Put behind each record, since Firehose puts records together without anything in between. @defaultValue `\n` */
  readonly delimiter?: string;
  /** Requests of one sender at once, 1 to 1,000. @defaultValue 10 */
  readonly maxInFlight?: number;
  /** A request without an answer is given up, 100 to 900,000 milliseconds. @defaultValue 15,000 */
  readonly requestTimeoutMs?: number;
  /**
   * Lets `provision` create delivery streams that are missing, with what this returns for each.
   *
   * @defaultValue none is created: `provision` then says what is missing
   */
  readonly provisioning?: (address: Address) => FirehoseStreamSettings;
}

const ranges = { maxInFlight: [1, 1_000], requestTimeoutMs: [100, 900_000] } as const;

/** @throws `invalid-argument` */
export function checkOptions(options: FirehoseTransportOptions): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
      continue;
    throw invalid(
      `${name} is ${JSON.stringify(value)}: it must be a whole number from ${least} to ${most}`,
    );
  }
  const { client, region, endpoint, credentials } = options;
  if (client !== undefined && (region ?? endpoint ?? credentials) !== undefined) {
    throw invalid(
      'region, endpoint and credentials belong to the client that is given: set them there',
    );
  }
}

export function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `firehose: ${text}`, { transport: 'firehose' });
}
