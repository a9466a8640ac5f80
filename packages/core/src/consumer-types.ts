import type { Transport } from './driver.ts';

/** When a failed message comes again, and how often. */
export interface RetryPolicy {
  /**
   * Attempts in all, the first included; a failure after them goes to the dead letters. Attempts here are not known to the
   * broker: a message that goes back to it after local retries may see a few more. @defaultValue 5
   */
  readonly maxAttempts?: number;
  /** Milliseconds before attempt `attempt + 1`. @defaultValue exponential with jitter, 200 ms to 60 s */
  readonly delayMs?: (attempt: number, error: unknown) => number;
}

export interface ConsumerSettings {
  /** Handlers that run at once. @defaultValue 16 */
  readonly concurrency?: number | undefined;
  /** Deliveries held unsettled at once, at least `concurrency`. @defaultValue `concurrency` */
  readonly prefetch?: number | undefined;
  /** Aborts `delivery.signal` and retries. @defaultValue none */
  readonly handlerTimeoutMs?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** How long a failing delivery is held here, its key with it, before it goes back to the broker. @defaultValue 60,000 */
  readonly localRetryMaxMs?: number | undefined;
  /** Where dead letters go. @defaultValue the group's own dead-letter address on the same transport */
  readonly deadLetter?: { readonly transport?: Transport; readonly address?: string } | undefined;
  /** Logs: longest time between two checkpoints of a lane. @defaultValue 1,000 */
  readonly checkpointMs?: number | undefined;
  /** A delivery unsettled for this long is reported with where its consumer was started; 0 never. @defaultValue 600,000 */
  readonly unsettledWarningMs?: number | undefined;
  /** Stops the consumer. */
  readonly signal?: AbortSignal | undefined;
}

export interface BatchOptions {
  /** Deliveries in one call of the handler, at most. */
  readonly max: number;
  /** How long a batch that is not full waits for more, milliseconds. @defaultValue 100 */
  readonly waitMs?: number;
}

export interface ProvisionOptions {
  /** The groups of each channel. @defaultValue one group, named as the channel */
  readonly groups?: readonly string[];
  /** `verify` changes nothing and throws `mismatch` saying what differs. @defaultValue `create` */
  readonly mode?: 'create' | 'verify';
  /** What consumers will use as `retry.maxAttempts`: broker limits are set far above it. @defaultValue 5 */
  readonly maxAttempts?: number;
  readonly signal?: AbortSignal;
}

export interface StopReport {
  /** Deliveries settled by their handlers after the call. */
  readonly completed: number;
  /** Given back without having been started. */
  readonly released: number;
  /** Neither: still running at the deadline, or could not be given back; they return when their lease ends. */
  readonly abandoned: number;
}

/**
 * What becomes of a message of a log that has failed `maxAttempts` times, or cannot be understood: a dead letter, or it is
 * tried again until it succeeds while the rest of its key, or everything after it in its shard, waits; a handler of batches
 * then gets it alone. A `Rejection` is a dead letter in any case.
 */
export type OnFailure = 'dead-letter' | 'block-key' | 'block-shard';

export interface ConsumerStats {
  readonly running: number;
  /** Held and not started: waiting for a slot, their lane or a local retry. */
  readonly waiting: number;
  readonly acked: number;
  readonly retried: number;
  readonly deadLettered: number;
  readonly leaseLost: number;
  readonly reopened: number;
  /** Held now, failed as often as they may, and holding up what follows them; see `onFailure`. */
  readonly blocked: number;
}

export interface Consumer extends AsyncDisposable {
  /**
   * Resolves after `stop`; rejects when the consumer cannot go on. Unheard, a rejection ends the process, as any
   * unhandled one does: a consumer is never silently dead.
   */
  readonly done: Promise<void>;
  /**
   * No handler starts and nothing is fetched until `resume`; what was fetched and not started is given back where the
   * broker can take it back, and else kept. Idempotent.
   */
  pause(): void;
  resume(): void;
  /** Handlers at once from now on, up to `prefetch`. */
  setConcurrency(concurrency: number): void;
  stats(): ConsumerStats;
  /**
   * No new receives, handlers finish, everything is settled or given back. Never rejects for a handler.
   *
   * @defaultValue `deadlineMs` 30,000; then running deliveries' signals abort and they count as abandoned
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<StopReport>;
}
