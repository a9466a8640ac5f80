import { EventEmitter, once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsCall, AwsError, AwsObject, AwsReply } from './aws-wire.ts';
import { eventOf, exceptionOf } from './event-stream.ts';

/** Milliseconds. */
export interface FanOutTimes {
  /** How long a subscription lasts. @defaultValue 300,000 */
  readonly subscriptionMs: number;
  /** How long after one began the same may not begin again. @defaultValue 5,000 */
  readonly takeOverMs: number;
  /** Two calls of one consumer for one shard are so far apart, at least. @defaultValue 1,000 */
  readonly apartMs: number;
  /** An event without records comes after so long. @defaultValue 1,000 */
  readonly quietMs: number;
  /** How often the emulator is asked. @defaultValue 100 */
  readonly pollMs: number;
}

/** A call of `SubscribeToShard`, and what became of it. */
export interface Subscription {
  readonly shardId: string;
  /** `AFTER_SEQUENCE_NUMBER` with a number, for instance. */
  readonly from: AwsObject;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: 'open' | 'ended' | `refused ${string}`;
}

/** Asks the emulator in the caller's name. */
export type Upstream = (operation: string, input: AwsObject) => Promise<AwsReply>;

export interface Subscriptions {
  readonly all: readonly Subscription[];
  /** Resolves with why it was refused, and with nothing once events flow. */
  begin(
    stream: ServerHttp2Stream,
    call: AwsCall,
    upstream: Upstream,
  ): Promise<AwsError | AwsReply | undefined>;
  refuse(...names: readonly string[]): void;
  interrupt(name?: string): void;
  changed(): Promise<unknown>;
  stop(): void;
}

interface Input {
  readonly ConsumerARN: string;
  readonly ShardId: string;
  readonly StartingPosition: {
    readonly Type: string;
    readonly SequenceNumber?: string;
    readonly Timestamp?: number;
  };
}

interface Page {
  readonly Records?: readonly { readonly SequenceNumber: string }[];
  readonly NextShardIterator?: string | null;
  readonly MillisBehindLatest?: number;
  readonly ChildShards?: readonly object[];
}

type Recorded = { -readonly [Key in keyof Subscription]: Subscription[Key] };

/** One consumer of one shard. */
interface Flow {
  calledAt: number;
  begunAt: number;
  /** Ends the stream that is open: with this error in it, where one is named. */
  end: (name?: string) => void;
}

const defaults: FanOutTimes = {
  subscriptionMs: 300_000,
  takeOverMs: 5_000,
  apartMs: 1_000,
  quietMs: 1_000,
  pollMs: 100,
};

export function createSubscriptions(given: Partial<FanOutTimes>): Subscriptions {
  const times = { ...defaults, ...given };
  const flows = new Map<string, Flow>();
  const all: Recorded[] = [];
  const refusals: string[] = [];
  const events = new EventEmitter().setMaxListeners(0);
  /** Continuation numbers that were told, and where in the emulator's shard each of them is. */
  const marks = new Map<string, string>();
  let told = 0;

  function flowOf({ ConsumerARN, ShardId }: Input): Flow {
    const name = `${ConsumerARN} ${ShardId}`;
    const known = flows.get(name) ?? { calledAt: 0, begunAt: 0, end: () => undefined };
    flows.set(name, known);
    return known;
  }

  function refusalOf(flow: Flow, now: number): string | undefined {
    const injected = refusals.shift();
    if (injected !== undefined) return injected;
    if (now - flow.calledAt < times.apartMs) return 'LimitExceededException';
    return now - flow.begunAt < times.takeOverMs ? 'ResourceInUseException' : undefined;
  }

  async function iteratorOf(input: Input, upstream: Upstream): Promise<string | AwsReply> {
    const { Type, SequenceNumber, Timestamp } = input.StartingPosition;
    const marked = marks.get(SequenceNumber ?? '');
    if (Type === 'AFTER_SEQUENCE_NUMBER' && marked !== undefined) return marked;
    const reply = await upstream('GetShardIterator', {
      StreamName: /:stream\/([^/]+)/.exec(input.ConsumerARN)?.[1],
      ShardId: input.ShardId,
      ShardIteratorType: Type,
      StartingSequenceNumber: SequenceNumber,
      Timestamp,
    });
    if (reply.status !== 200) return reply;
    return (JSON.parse(reply.body.toString()) as { ShardIterator: string }).ShardIterator;
  }

  /** A number above that of the last record, which moves on without records too. */
  function markFor(iterator: string, last: string): string {
    told += 1;
    const number = String(BigInt(last) + BigInt(told));
    marks.set(number, iterator);
    return number;
  }

  async function begin(
    stream: ServerHttp2Stream,
    call: AwsCall,
    upstream: Upstream,
  ): Promise<AwsError | AwsReply | undefined> {
    const input = call.input as unknown as Input;
    const flow = flowOf(input);
    const now = Date.now();
    const recorded: Recorded = {
      shardId: input.ShardId,
      from: input.StartingPosition,
      at: now,
      outcome: 'open',
    };
    all.push(recorded);
    const change = (outcome: Subscription['outcome']): void => {
      recorded.outcome = outcome;
      events.emit('change');
    };
    const name = refusalOf(flow, now);
    flow.calledAt = now;
    if (name !== undefined) {
      change(`refused ${name}`);
      return { name };
    }
    const iterator = await iteratorOf(input, upstream);
    if (typeof iterator !== 'string') {
      change('refused by the emulator');
      return iterator;
    }
    flow.end('ResourceInUseException');
    flow.begunAt = now;
    const over = new AbortController();
    flow.end = (error) => {
      over.abort(error);
    };
    stream.once('close', () => {
      over.abort();
    });
    stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' });
    change('open');
    void push(
      stream,
      iterator,
      input.StartingPosition.SequenceNumber ?? '0',
      upstream,
      over.signal,
    ).finally(() => {
      change('ended');
    });
    return undefined;
  }

  async function push(
    stream: ServerHttp2Stream,
    from: string,
    after: string,
    upstream: Upstream,
    over: AbortSignal,
  ): Promise<void> {
    const endsAt = Date.now() + times.subscriptionMs;
    let iterator: string | null | undefined = from;
    let last = after;
    let toldAt = Date.now();
    try {
      await written(stream, eventOf('initial-response', {}));
      while (typeof iterator === 'string' && !over.aborted && Date.now() < endsAt) {
        const reply = await upstream('GetRecords', { ShardIterator: iterator, Limit: 1_000 });
        if (isOver(over)) break;
        if (reply.status !== 200) throw new Error('the emulator refused a read');
        const page = JSON.parse(reply.body.toString()) as Page;
        iterator = page.NextShardIterator;
        last = page.Records?.at(-1)?.SequenceNumber ?? last;
        const isQuiet = (page.Records ?? []).length === 0 && typeof iterator === 'string';
        if (!isQuiet || Date.now() - toldAt >= times.quietMs) {
          toldAt = Date.now();
          await written(stream, eventOf('SubscribeToShardEvent', eventFrom(page, last)));
        }
        if (isQuiet) await sleep(times.pollMs, undefined, { signal: over }).catch(() => undefined);
      }
      const { reason } = over as { readonly reason?: unknown };
      if (typeof reason === 'string' && reason !== '') stream.write(exceptionOf(reason));
    } catch {
      if (!stream.destroyed) stream.write(exceptionOf('InternalFailureException'));
    }
    if (!stream.destroyed) stream.end();
  }

  function eventFrom(page: Page, last: string): AwsObject {
    const { Records = [], NextShardIterator: next, MillisBehindLatest, ChildShards } = page;
    if (typeof next !== 'string') return { Records, MillisBehindLatest: 0, ChildShards };
    return { Records, MillisBehindLatest, ContinuationSequenceNumber: markFor(next, last) };
  }

  function interrupt(name?: string): void {
    for (const { end } of flows.values()) end(name ?? '');
  }

  return {
    all,
    begin,
    refuse: (...names) => void refusals.push(...names),
    interrupt,
    changed: () => once(events, 'change'),
    stop: interrupt,
  };
}

/** Asked anew after something was awaited. */
function isOver({ aborted }: AbortSignal): boolean {
  return aborted;
}

/** Waits while the client does not take what was sent before. */
async function written(stream: ServerHttp2Stream, event: Buffer): Promise<void> {
  if (stream.destroyed || stream.write(event)) return;
  await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
}
