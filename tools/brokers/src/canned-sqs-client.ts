import { startCannedProcess } from './canned-process.ts';
import type { AwsObject } from './faults/aws-wire.ts';

/** What the canned server hands out. */
export interface CannedSqsSettings {
  /** Added before each answer, as a round trip would. */
  readonly latencyMs: number;
  /** Messages that are there to be received; polls wait when it is zero. */
  readonly backlog: number;
  /** Handed out in turn, each time with a new id. @defaultValue one of 200 bytes without attributes */
  readonly messages: readonly {
    readonly body: string;
    readonly attributes?: AwsObject;
    readonly systemAttributes?: Readonly<Record<string, string>>;
  }[];
}

/** What the canned server was asked, by operation; `ReceivedMessages` counts messages handed out. */
export interface CannedSqsCounts {
  readonly backlog: number;
  readonly operations: Readonly<
    Record<string, { readonly requests: number; readonly entries: number }>
  >;
}

/** An SQS that answers at once and does nothing: what is measured against it is the client. */
export interface CannedSqs extends AsyncDisposable {
  readonly endpoint: string;
  set(settings: Partial<CannedSqsSettings>): Promise<CannedSqsCounts>;
  counts(): Promise<CannedSqsCounts>;
  /** Sets every count to zero; resolves to what they were. */
  resetCounts(): Promise<CannedSqsCounts>;
  stop(): Promise<void>;
}

/** Starts the canned server as a process of its own, which ends with this one. */
export async function startCannedSqs(
  settings: Partial<CannedSqsSettings> = {},
): Promise<CannedSqs> {
  const { started, set, counts, resetCounts, stop } = await startCannedProcess<
    { readonly endpoint: string },
    CannedSqsSettings,
    CannedSqsCounts
  >('canned-sqs.ts');
  await set(settings);
  const { endpoint } = started;
  return { endpoint, set, counts, resetCounts, stop, [Symbol.asyncDispose]: stop };
}
