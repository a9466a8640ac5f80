import type { Clock, ConsumeMiddleware, DeliveryBase } from '@intermodal/core';
import { invalid } from '../options.ts';

/** What Firehose says of a record: `delivery.native`. */
export interface FirehoseRecordOrigin {
  /** Stays the same when Firehose repeats the request. */
  readonly requestId: string;
  /** Of the delivery stream; undefined where it was not said. */
  readonly sourceArn: string | undefined;
  /** When Firehose made the request, milliseconds since the epoch. */
  readonly timestamp: number;
  /** The place of the record in its request. */
  readonly index: number;
  /** Set on the destination, the same for each record. */
  readonly commonAttributes: Readonly<Record<string, string>>;
}

/** A record as its handler sees it. */
export interface FirehoseDelivery<T> extends DeliveryBase<T> {
  readonly native: FirehoseRecordOrigin;
}

/** A record that nobody shall be handed again. */
export interface RejectedRecord {
  readonly id: string;
  readonly reason: string;
  /** As it came, out of its base64; where it was none, its text. */
  readonly data: Uint8Array;
  readonly native: FirehoseRecordOrigin;
}

/** Why a record is not acked, this time or for ever. */
export interface RecordFailure {
  readonly id: string;
  readonly reason: string;
  /** What was thrown, where something was. */
  readonly error?: unknown;
  readonly native: FirehoseRecordOrigin;
}

/** Who may deliver, how much at once, and what becomes of records that fail. */
export interface FirehoseEndpointOptions {
  /** The access key that is set on the destination; several while one takes the place of another. */
  readonly accessKey: string | readonly string[];
  /** @defaultValue the channel's name */
  readonly group?: string;
  /**
   * Handlers at once, over all requests; of those whose time is over and that go on all the same, as many again.
   *
   * @defaultValue 16
   */
  readonly concurrency?: number;
  /** Requests held at once; those beyond it are answered 503 before their body is read. @defaultValue 8 */
  readonly maxRequests?: number;
  /** Of a body, as it comes and unpacked. @defaultValue 67,108,864, the most that Firehose sends */
  readonly maxBodyBytes?: number;
  /** In which a body must have come whole. @defaultValue 25,000 */
  readonly bodyTimeoutMs?: number;
  /** In which the records of a request must be handled, once its body has come; Firehose waits 180 seconds in all. @defaultValue 150,000 */
  readonly deadlineMs?: number;
  /**
   * Requests whose records are not handed out again once they are acked, when Firehose repeats them. Each takes a byte for a
   * record while one of them is not acked.
   *
   * @defaultValue 1,000
   */
  readonly rememberedRequests?: number;
  /**
   * Stores a record that was rejected, or failed `maxAttempts` times; when it resolves the record counts as acked. `signal`
   * aborts at the deadline of the request. Without it such a record fails its request until Firehose gives up, and the
   * whole request is then in the backup bucket.
   */
  readonly deadLetter?: (rejected: RejectedRecord, signal: AbortSignal) => Promise<void>;
  /** Only with `deadLetter`, and counted in this process. @defaultValue 5 */
  readonly maxAttempts?: number;
  /** Told of each record that fails its request, or becomes a dead letter. */
  readonly onFailure?: (failure: RecordFailure) => void;
  /** Outermost first. */
  readonly middleware?: readonly ConsumeMiddleware[];
  /** `none`: every record is a body as it is. @defaultValue `cloudevents`; what is no CloudEvent is a body as it is */
  readonly envelope?: 'cloudevents' | 'none';
  /** What the publisher put behind each record; it is no part of a body. @defaultValue `\n` */
  readonly delimiter?: string;
  /** Only for tests. @defaultValue `systemClock` */
  readonly clock?: Clock;
}

export const defaultMaxBodyBytes = 67_108_864;

const ranges = {
  concurrency: [1, 10_000],
  maxRequests: [1, 10_000],
  maxBodyBytes: [1, 1_073_741_824],
  bodyTimeoutMs: [1, 170_000],
  deadlineMs: [1, 180_000],
  rememberedRequests: [1, 1_000_000],
  maxAttempts: [1, 1_000_000],
} as const;

/** @throws `invalid-argument` */
export function checkEndpointOptions(options: FirehoseEndpointOptions): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
      continue;
    throw invalid(
      `${name} is ${JSON.stringify(value)}: it must be a whole number from ${least} to ${most}`,
    );
  }
  if (options.maxAttempts !== undefined && options.deadLetter === undefined)
    throw invalid('maxAttempts needs deadLetter: nobody else would take what has failed so often');
}
