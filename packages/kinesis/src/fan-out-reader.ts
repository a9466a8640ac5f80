import type { SubscribeToShardEventStream } from '@aws-sdk/client-kinesis';
import type { Clock, IntermodalError } from '@intermodal/core/driver';
import { mapError } from './map-error.ts';
import type { ReadFrom } from './reads.ts';
import { backoff, type ShardReader, type ShardReaderOptions } from './shard-reader.ts';
import { createShelf } from './shelf.ts';
import { createWakeable } from './wakeable.ts';

/** What a shard pushes until its subscription ends, after five minutes at most. */
export type Subscribe = (
  shardId: string,
  from: ReadFrom,
  signal: AbortSignal,
) => Promise<AsyncIterable<SubscribeToShardEventStream>>;

export interface FanOutOptions extends ShardReaderOptions {
  readonly subscribe: Subscribe;
}

// One subscription of a shard may begin each second, and only five seconds after the last one may it be taken over.
const leastMs = 1_000;
const inUseMs = 5_500;
// Woken before, whenever there is a reason.
const idleMs = 60_000;
/** Records read and not taken, above which the stream is left to wait. */
const mostAhead = 10_000;

/** Has a shard push its records, with a share of its throughput that no other group uses. */
export function subscribeToShard(options: FanOutOptions): ShardReader {
  const { clock, form } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const wakeable = createWakeable(clock);
  const shelf = createShelf(form, options.from);
  let from: ReadFrom = options.from;
  let closed = false;
  let paused = false;
  let behindMs: number | undefined;
  let failures = 0;

  async function run(): Promise<void> {
    for (;;) {
      if (signal.aborted || closed) return;
      await createWakeable(clock).sleep(await subscription(), signal);
    }
  }

  /** Resolves at its end, with how long to wait before the next. */
  async function subscription(): Promise<number> {
    try {
      for await (const event of await options.subscribe(form.shardId, from, signal)) {
        if (signal.aborted) return 0;
        keep(event);
        if (closed) return 0;
        await room();
      }
      return leastMs;
    } catch (cause) {
      return signal.aborted ? 0 : afterFailure(mapError(cause, options.place).error, clock);
    }
  }

  /** Until more may come: an event that is not asked for waits in the connection. */
  async function room(): Promise<void> {
    const isFull = (): boolean => !signal.aborted && (paused || shelf.size > mostAhead);
    while (isFull()) await wakeable.sleep(idleMs, signal);
  }

  /** Errors come as events too. */
  function keep(event: SubscribeToShardEventStream): void {
    const { SubscribeToShardEvent: news, ...rest } = event;
    if (news === undefined) throw Object.values(rest).find((value) => value !== undefined);
    failures = 0;
    behindMs = news.MillisBehindLatest;
    // It moves on without records too; where there is none, the shard is at its end.
    const { ContinuationSequenceNumber: next } = news;
    if (next !== undefined) from = { at: 'after', sequence: next };
    closed = next === undefined || (news.ChildShards?.length ?? 0) > 0;
    shelf.put(news.Records ?? []);
    if (shelf.size > 0 || closed) options.onNews();
  }

  function afterFailure(error: IntermodalError, { random }: Clock): number {
    failures += 1;
    options.onError(error);
    const isInUse = (error.cause as { readonly name?: unknown } | undefined)?.name;
    if (isInUse === 'ResourceInUseException') return inUseMs + random() * leastMs;
    return Math.max(leastMs, backoff(clock, failures));
  }

  void run();
  return {
    take(max) {
      if (paused || signal.aborted || shelf.size === 0) return [];
      const messages = shelf.take(max);
      if (shelf.size <= mostAhead) wakeable.wake();
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
