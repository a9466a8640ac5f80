/** Something measured: contenders that do the same work, each in a process of its own. */
export interface Bench {
  /** What `bench` says in a result; `sqs-publish` is run by `pnpm bench sqs` too if its file is `sqs.ts`. */
  readonly name: string;
  readonly title: string;
  /** Messages of one round, and those before the clock starts. */
  readonly messages: number;
  readonly warmUp: number;
  /** @defaultValue 5 */
  readonly rounds?: number;
  /** The others are compared with the first. */
  readonly contenders: readonly Contender[];
  /** Flags of Node for the contenders. */
  readonly nodeFlags?: readonly string[];
  /** Once, before the first contender. */
  readonly prepare?: () => Promise<void>;
  /** What must run beside a contender, in a process of its own; started anew for each. */
  readonly surround?: () => Promise<Surroundings>;
  /** Once, after the last contender, however it went. */
  readonly finish?: () => Promise<void>;
  readonly aims?: readonly Aim[];
}

export interface Surroundings {
  /** For `Contender.start`. */
  readonly address: string;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** Everything that a user does once. `address` is that of the surroundings, empty where there are none. */
  start(address: string): Promise<Work>;
}

export interface Work {
  /** What must be there before the clock starts, for so many messages. */
  before?(messages: number): Promise<void>;
  /** Does it all for so many messages; resolves when nothing of them is left. */
  run(messages: number, probe: Probe): Promise<void>;
  /** Requests made since the start, where the transport has requests. */
  requests?(): Promise<number>;
  stop(): Promise<void>;
}

/** Where a contender says what only it can see. */
export interface Probe {
  /** The time that one message took; some of them are enough. */
  latency(ms: number): void;
  /** A figure of this bench alone. */
  note(name: string, value: number): void;
}

/** What a result should look like; printed with what it was, never a failure. */
export interface Aim {
  readonly text: string;
  /** The figure reached, and whether that is enough; undefined where its contenders were not run. */
  reached(result: (contender: string) => Result | undefined): Reached | undefined;
}

export interface Reached {
  readonly figure: string;
  readonly enough: boolean;
}

/** One line of `--json`. */
export interface Result {
  readonly bench: string;
  readonly contender: string;
  readonly messagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPer1000?: number;
  readonly cpuMsPer1000: number;
  readonly peakMb: number;
  readonly notes?: Readonly<Record<string, number>>;
}
