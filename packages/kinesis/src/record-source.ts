import { buffer } from 'node:stream/consumers';
import type { _Record as NativeRecord } from '@aws-sdk/client-kinesis';

/** A record as the service wrote it. */
export interface RawRecord {
  readonly SequenceNumber?: string;
  /** Seconds since the epoch. */
  readonly ApproximateArrivalTimestamp?: number;
  /** Base64. */
  readonly Data: string;
  readonly PartitionKey?: string;
  readonly EncryptionType?: NativeRecord['EncryptionType'];
}

/** A record as it was written, or as the SDK has read it. */
export type RecordSource = RawRecord | NativeRecord;

/** The SDK's form of it. */
export function nativeOf(source: RecordSource): NativeRecord {
  if (typeof source.Data !== 'string') return source as NativeRecord;
  const { SequenceNumber, ApproximateArrivalTimestamp: seconds, Data, PartitionKey } = source;
  const { EncryptionType } = source;
  return {
    SequenceNumber,
    ApproximateArrivalTimestamp:
      typeof seconds === 'number' ? new Date(Math.round(seconds * 1_000)) : undefined,
    Data: Buffer.from(Data, 'base64'),
    PartitionKey,
    ...(EncryptionType === undefined ? {} : { EncryptionType }),
  };
}

/** Milliseconds since the epoch. */
export function arrivalOf(source: RecordSource | undefined): number | undefined {
  return source === undefined ? undefined : nativeOf(source).ApproximateArrivalTimestamp?.getTime();
}

/** What the SDK and its HTTP handlers make of an answer; nothing of it is certain. */
interface Answer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  body?: NodeJS.ReadableStream | Uint8Array;
}

/**
 * Takes the records out of the answer to GetRecords, before the SDK makes objects of all of them at once by its schema, which
 * costs more than everything that is done with them later. The rest is left to the SDK, and so is whatever is not as expected.
 */
export async function takeRecords(response: unknown): Promise<readonly RawRecord[] | undefined> {
  const answer = (response ?? {}) as Answer;
  const { body } = answer;
  const isJson = answer.headers?.['content-type']?.startsWith('application/x-amz-json') === true;
  if (answer.statusCode !== 200 || !isJson || body === undefined) return undefined;
  const bytes = body instanceof Uint8Array ? body : await buffer(body);
  answer.body = bytes;
  const page = parse(bytes);
  if (page === undefined) return undefined;
  const { Records, ...rest } = page;
  answer.body = new TextEncoder().encode(JSON.stringify(rest));
  return Records;
}

interface RawPage {
  readonly Records: readonly RawRecord[];
}

function parse(bytes: Uint8Array): RawPage | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  try {
    const page = JSON.parse(text) as Partial<RawPage> | null;
    const isPage = Array.isArray(page?.Records);
    return isPage ? (page as RawPage) : undefined;
  } catch {
    return undefined;
  }
}
