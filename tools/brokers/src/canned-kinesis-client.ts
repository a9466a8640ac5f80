import { startCannedProcess } from './canned-process.ts';

/** What the canned server hands out. */
export interface CannedKinesisSettings {
  /** Added before each answer, as a round trip would. */
  readonly latencyMs: number;
  /** Of the stream, whatever its name. They share the hash keys out evenly. */
  readonly shards: number;
  /** Records that each shard holds; reads below it bring what is there, in turn. */
  readonly held: number;
  /** Data in base64, given to the records in turn. */
  readonly records: readonly { readonly key: string; readonly data: string }[];
}

/** What the canned server was asked, by operation. */
export type CannedKinesisCounts = Readonly<
  Record<string, { readonly requests: number; readonly entries: number }>
>;

/** A Kinesis that answers at once and stores nothing, with a DynamoDB in the same process. */
export interface CannedKinesis extends AsyncDisposable {
  readonly endpoint: string;
  readonly dynamoEndpoint: string;
  set(settings: Partial<CannedKinesisSettings>): Promise<CannedKinesisCounts>;
  counts(): Promise<CannedKinesisCounts>;
  stop(): Promise<void>;
}

/** Starts the canned server as a process of its own, which ends with this one. */
export async function startCannedKinesis(
  settings: Partial<CannedKinesisSettings> = {},
): Promise<CannedKinesis> {
  const { started, set, counts, stop } = await startCannedProcess<
    { readonly endpoint: string; readonly dynamoEndpoint: string },
    CannedKinesisSettings,
    CannedKinesisCounts
  >('canned-kinesis.ts');
  await set(settings);
  return { ...started, set, counts, stop, [Symbol.asyncDispose]: stop };
}
