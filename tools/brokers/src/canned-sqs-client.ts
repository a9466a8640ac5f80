import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
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
  const script = fileURLToPath(new URL('canned-sqs.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  if (!first) throw new Error('the canned SQS server ended while starting');
  const { endpoint } = JSON.parse(String(first[0])) as { readonly endpoint: string };

  const admin = async (method: string, body?: unknown): Promise<CannedSqsCounts> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${endpoint}/admin`, { method, ...sent });
    return (await response.json()) as CannedSqsCounts;
  };
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };

  await admin('POST', settings);
  return {
    endpoint,
    set: (changed) => admin('POST', changed),
    counts: () => admin('GET'),
    resetCounts: () => admin('DELETE'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
