import type { Progress } from './broker.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { RunRecord } from './run-record.ts';

/** A broker that this process started, and may therefore treat badly. */
export interface Instance {
  readonly record: RunRecord;
  /** Ends it without warning, as a crash or a power cut would; its address stays reserved for `restart`. */
  readonly kill: () => Promise<void>;
  /** Starts it again, same address, same data; resolves when it answers. Ends it first if it runs. */
  readonly restart: () => Promise<void>;
  /** Stops its processes from running while their sockets stay open, as a long pause would. */
  readonly freeze: () => Promise<void>;
  readonly thaw: () => Promise<void>;
  readonly logs: () => Promise<string>;
  /** Ends it, and removes its data; its log stays. */
  readonly stop: () => Promise<void>;
}

/** What a way of starting brokers is told. */
export interface LaunchOptions {
  readonly recordFile: string;
  readonly owner: ProcessIdentity | undefined;
  readonly progress: Progress;
}
