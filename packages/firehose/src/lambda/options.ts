import type { Clock, DeliveryBase } from '@intermodal/core';
import { invalid } from '../options.ts';
import type { KinesisMetadata, TransformationInput } from './event.ts';

/** A record to transform. It is not settled: what its function returns says what becomes of it. */
export interface TransformationRecord<T> extends Pick<
  DeliveryBase<T>,
  'id' | 'channel' | 'key' | 'body' | 'headers' | 'publishedAt' | 'signal'
> {
  /** As it came, out of its base64. */
  readonly data: Uint8Array;
  readonly arrivedAt: Date;
  /** Undefined where the record was put into the delivery stream itself. */
  readonly kinesis: KinesisMetadata | undefined;
  readonly native: TransformationInput;
}

/** What becomes of a record. A function that throws makes it `ProcessingFailed`. */
export type Transformed =
  | {
      readonly result: 'Ok';
      /** Text is written as UTF-8. */
      readonly data: string | Uint8Array;
      /** For dynamic partitioning: `!{partitionKeyFromLambda:name}` in the prefix. */
      readonly partitionKeys?: Readonly<Record<string, string>>;
    }
  /** Meant to be left out. */
  | { readonly result: 'Dropped' }
  /** Firehose keeps the record as it came, in the bucket's error prefix. */
  | { readonly result: 'ProcessingFailed' };

/** Why a record is `ProcessingFailed`. */
export interface TransformationFailure {
  readonly recordId: string;
  readonly reason: string;
  /** What was thrown, where something was. */
  readonly error?: unknown;
}

/** How much at once, and what becomes of records that have no place in the reply. */
export interface TransformationOptions<T> {
  /** Records transformed at once. @defaultValue 16 */
  readonly concurrency?: number;
  /** Kept from the invocation's time to send the reply; what is not done by then is `ProcessingFailed`. @defaultValue 1,000 */
  readonly marginMs?: number;
  /** Lambda takes 6 MB. @defaultValue 6,291,456 */
  readonly maxReplyBytes?: number;
  /**
   * Puts back into the stream what the reply has no room for; once it resolves these records are `Dropped` here. Without
   * it they are `ProcessingFailed`.
   */
  readonly reingest?: (records: readonly TransformationRecord<T>[]) => Promise<void>;
  /** Told why a record is `ProcessingFailed`. */
  readonly onFailure?: (failure: TransformationFailure) => void;
  /** `none`: every record is a body as it is. @defaultValue `cloudevents`; what is no CloudEvent is a body as it is */
  readonly envelope?: 'cloudevents' | 'none';
  /** What the publisher put behind each record, and what is put behind the data of each that is `Ok`. @defaultValue `\n` */
  readonly delimiter?: string;
  /** Only for tests. @defaultValue `systemClock` */
  readonly clock?: Clock;
}

export const defaultMaxReplyBytes = 6_291_456;

const ranges = {
  concurrency: [1, 10_000],
  marginMs: [0, 60_000],
  maxReplyBytes: [1_024, 20_971_520],
} as const;

/** @throws `invalid-argument` */
export function checkTransformationOptions(options: object): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
      continue;
    throw invalid(
      `${name} is ${JSON.stringify(value)}: it must be a whole number from ${least} to ${most}`,
    );
  }
}
