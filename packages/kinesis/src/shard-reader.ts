import type { Clock, IntermodalError } from '@intermodal/core/driver';
import { mapError } from './map-error.ts';
import type { ReadForm, ReadMessage } from './read-record.ts';
import type { Page, ReadFrom, Reads } from './reads.ts';
import { createShelf } from './shelf.ts';
import { createWakeable } from './wakeable.ts';

/** What comes out of one shard, in its order. */
export interface ShardReader {
  /** The next messages that were read, at most so many. */
  take(max: number): readonly ReadMessage[];
  /** Everything was taken, and nothing more will come. */
  readonly ended: boolean;
  /** Milliseconds behind the end of the shard, as of the last read. */
  readonly behindMs: number | undefined;
  pause(paused: boolean): void;
  stop(): void;
}

export interface ShardReaderOptions {
  readonly clock: Clock;
  readonly form: ReadForm;
  readonly from: ReadFrom;
  readonly place: string;
  /** Something has come, or the shard has ended. */
  readonly onNews: () => void;
  readonly onError: (error: IntermodalError) => void;
}

export interface PollingOptions extends ShardReaderOptions {
  readonly reads: Reads;
  /** How long a shard without news is left alone. */
  readonly pollMs: number;
  readonly maxRecords: number;
}

// Five reads a second may be made of a shard, by all groups together.
const leastMs = 200;
const firstBackoffMs = 400;
const maxBackoffMs = 10_000;
// Woken before, whenever there is a reason.
const idleMs = 60_000;

/** Reads a shard by asking for it again and again. */
export function pollShard(options: PollingOptions): ShardReader {
  const { reads, clock, form } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const wakeable = createWakeable(clock);
  const shelf = createShelf(form, options.from);
  let from: ReadFrom = options.from;
  let iterator: string | undefined;
  let closed = false;
  let paused = false;
  let behindMs: number | undefined;
  let failures = 0;

  /** Reads while somebody takes what was read. */
  async function run(): Promise<void> {
    for (;;) {
      if (signal.aborted || closed) return;
      if (paused || shelf.size > 0) await wakeable.sleep(idleMs, signal);
      // Not to be woken: it is the time that the service asks for.
      else await createWakeable(clock).sleep(await readOnce(), signal);
    }
  }

  /** Resolves with how long to wait before the next. */
  async function readOnce(): Promise<number> {
    try {
      iterator ??= await reads.iterator(form.shardId, from, signal);
      const page = await reads.page(iterator, options.maxRecords, signal);
      if (signal.aborted) return 0;
      failures = 0;
      keep(page);
      const isBusy = shelf.size > 0 || (behindMs ?? 0) > 0;
      return isBusy ? leastMs : options.pollMs;
    } catch (cause) {
      if (signal.aborted) return 0;
      const { error } = mapError(cause, options.place);
      // Whatever it was, a new one does no harm; an expired one must go.
      if (error.code !== 'throttled') iterator = undefined;
      failures += 1;
      options.onError(error);
      return Math.max(leastMs, backoff(clock, failures));
    }
  }

  function keep({ Records = [], NextShardIterator, MillisBehindLatest }: Page): void {
    behindMs = MillisBehindLatest;
    iterator = NextShardIterator;
    closed = NextShardIterator === undefined;
    const last = Records.at(-1)?.SequenceNumber;
    if (last !== undefined) from = { at: 'after', sequence: last };
    shelf.put(Records);
    if (shelf.size > 0 || closed) options.onNews();
  }

  void run();
  return {
    take(max) {
      if (paused || signal.aborted || shelf.size === 0) return [];
      const messages = shelf.take(max);
      if (shelf.size === 0) wakeable.wake();
      return messages;
    },
    get ended() {
      return closed && shelf.size === 0;
    },
    get behindMs() {
      return behindMs;
    },
    pause(next) {
      paused = next;
      if (!paused) wakeable.wake();
    },
    stop() {
      stopping.abort();
    },
  };
}

/** Milliseconds to wait after so many failures in a row. */
export function backoff(clock: Clock, failures: number): number {
  const most = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 10));
  return most * (0.5 + clock.random() / 2);
}
