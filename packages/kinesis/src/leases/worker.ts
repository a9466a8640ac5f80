import type { Clock, IntermodalError } from '@intermodal/core/driver';
import { mapError } from '../map-error.ts';
import { balance } from './balance.ts';
import { createHolds, type Hold, type Holds } from './holds.ts';
import type { Checkpoint, Lease, LeaseTable, NewLease } from './lease.ts';
import { createSilence } from './silence.ts';

export interface LeaseWorkerOptions {
  readonly table: LeaseTable;
  readonly clock: Clock;
  /** Never used before by anybody. */
  readonly id: string;
  readonly failoverMs: number;
  readonly handOverMs: number;
  readonly maxShards: number;
  /** The shard is ours, from its checkpoint on. */
  readonly onGranted: (lease: Lease) => void;
  /** Somebody waits for it: resolves when nothing of it is being done any more and its checkpoint is written. */
  readonly onRevoking: (shardId: string) => Promise<void>;
  /** It is not ours any more, or may not be. */
  readonly onLost: (shardId: string) => void;
  /** The table cannot be reached, or may not be used. It goes on trying. */
  readonly onError: (error: IntermodalError) => void;
}

/**
 * One worker of a group: takes leases, renews them, hands them over. Time is measured in timers alone, and whatever a
 * worker believes, the counter in the row decides.
 */
export interface LeaseWorker {
  /** Looks for the first time; rejects where the table cannot be read. */
  start(signal: AbortSignal): Promise<void>;
  checkpoint(shardId: string, at: Checkpoint, signal: AbortSignal): Promise<'done' | 'lost'>;
  /** The shard is done with: those that came out of it may be begun. */
  finish(
    shardId: string,
    children: readonly NewLease[],
    signal: AbortSignal,
  ): Promise<'done' | 'lost'>;
  /** Gives everything back. */
  stop(signal: AbortSignal): Promise<void>;
  /** Ends it as a crash would: the rows stay as they are. */
  kill(): void;
}

// Intervals after which a silent owner has lost its leases, and how often it renews them meanwhile.
const looksPerFailover = 2;
const renewalsPerFailover = 3;

export function createLeaseWorker(options: LeaseWorkerOptions): LeaseWorker {
  const { table, clock, id, failoverMs } = options;
  const lookMs = Math.ceil(failoverMs / looksPerFailover);
  const renewMs = Math.floor(failoverMs / renewalsPerFailover);
  const silence = createSilence(looksPerFailover, Math.ceil(options.handOverMs / lookMs));
  const eager = new Set<string>();
  const ending = new AbortController();
  const timers = new Set<() => void>();
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let stopping = false;

  const holds: Holds = createHolds({
    ...options,
    onHandOver: (hold) => void handOver(hold),
    signal: ending.signal,
  });

  function after(delayMs: number, work: () => void): void {
    if (stopping) return;
    const cancel = clock.setTimer(() => {
      timers.delete(cancel);
      work();
    }, delayMs);
    timers.add(cancel);
  }

  /** One look at a time, whoever wants one. */
  function look(kind: 'passed' | 'not-passed', signal: AbortSignal): Promise<void> {
    looking ??= lookOnce(kind, signal).finally(() => {
      looking = undefined;
      if (!lookAgain || stopping) return;
      lookAgain = false;
      void look('not-passed', ending.signal).catch(report);
    });
    return looking;
  }

  async function lookOnce(kind: 'passed' | 'not-passed', signal: AbortSignal): Promise<void> {
    const children = new Set(eager);
    const leases = await table.scan(signal);
    if (stopping) return;
    silence.look(leases, kind);
    const moves = balance({
      leases,
      me: id,
      held: holds.shards,
      isSilent: (lease) => silence.isSilent(lease),
      isOverdue: (lease) => silence.isOverdue(lease),
      eager: children,
      maxShards: options.maxShards,
      random: () => clock.random(),
    });
    await Promise.all([
      ...moves.take.map((lease) => holds.take(lease, signal)),
      ...moves.ask.map((lease) => ask(lease, signal)),
    ]);
    for (const child of children) eager.delete(child);
  }

  /** Its owner sees it when it renews, and lets go when it has finished. */
  async function ask(lease: Lease, signal: AbortSignal): Promise<void> {
    const { shardId, counter, owner = '' } = lease;
    const expected = { counter, owner, settled: true } as const;
    await table.write(shardId, expected, { counter, owner: id, leaving: owner }, signal);
  }

  async function handOver(hold: Hold): Promise<void> {
    try {
      await options.onRevoking(hold.shardId);
    } catch (error) {
      report(error);
    }
    await holds.leave(hold);
  }

  function lookLater(): void {
    after(lookMs, () => {
      look('passed', ending.signal).catch(report).finally(lookLater);
    });
  }

  function renewLater(): void {
    after(renewMs, () => {
      holds.renewAll();
      renewLater();
    });
  }

  function report(error: unknown): void {
    if (!stopping) options.onError(mapError(error, 'the lease table').error);
  }

  function endTimers(): void {
    stopping = true;
    for (const cancel of timers) cancel();
    timers.clear();
  }

  return {
    async start(signal) {
      await look('not-passed', signal);
      lookLater();
      renewLater();
    },
    checkpoint: (shardId, checkpoint, signal) =>
      holds.write(shardId, { checkpoint, switches: 0 }, signal),
    async finish(shardId, children, signal) {
      // Children that were read and tidied away long ago must not be made again by an owner of former times.
      if ((await holds.write(shardId, {}, signal)) === 'lost') return 'lost';
      // Before the end is written: a crash in between must not leave a shard without children.
      for (const child of children) await table.create(child, signal);
      const ids = children.map((child) => child.shardId);
      const outcome = await holds.finish(shardId, ids, signal);
      if (outcome === 'lost') return outcome;
      for (const child of ids) eager.add(child);
      if (looking !== undefined) lookAgain = true;
      else if (!stopping) void look('not-passed', ending.signal).catch(report);
      return outcome;
    },
    async stop(signal) {
      endTimers();
      // What it is about to take must be given back too.
      await looking?.catch(() => undefined);
      ending.abort();
      await holds.releaseAll(signal);
    },
    kill() {
      endTimers();
      ending.abort();
      holds.kill();
    },
  };
}
