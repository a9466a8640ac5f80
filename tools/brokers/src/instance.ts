import type { Progress } from './broker.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { RunRecord } from './run-record.ts';

/**
 * A broker that this process started, and may therefore treat badly.
 *
 * Where a broker has several members, such as an active and a standby, each can be treated so alone by
 * its name; without a name, all of them are.
 */
export interface Instance {
  readonly record: RunRecord;
  /** Ends it without warning, as a crash or a power cut would; its address stays reserved for `restart`. */
  readonly kill: (member?: string) => Promise<void>;
  /** Starts it again, same address, same data; resolves when it answers. Ends it first if it runs. */
  readonly restart: (member?: string) => Promise<void>;
  /** Stops its processes from running while their sockets stay open, as a long pause would. */
  readonly freeze: (member?: string) => Promise<void>;
  readonly thaw: (member?: string) => Promise<void>;
  /** Runs one of the broker's own commands against it, and resolves to what that wrote. */
  readonly run: (command: string, ...args: readonly string[]) => Promise<string>;
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
