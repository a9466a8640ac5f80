import type { Clock, IntermodalError } from '@intermodal/core/driver';
import { mapError } from '../map-error.ts';
import type { Change, Lease, LeaseTable } from './lease.ts';

export interface HoldsOptions {
  readonly table: LeaseTable;
  readonly clock: Clock;
  readonly id: string;
  readonly failoverMs: number;
  readonly onGranted: (lease: Lease) => void;
  readonly onLost: (shardId: string) => void;
  readonly onError: (error: IntermodalError) => void;
  /** Another worker waits for it. */
  readonly onHandOver: (hold: Hold) => void;
  /** Aborted when the worker ends. */
  readonly signal: AbortSignal;
}

/** One time that this worker has a lease. */
export interface Hold {
  readonly shardId: string;
}

interface Held extends Hold {
  /** As of the last write that was answered. */
  counter: number;
  /** Writes of one lease follow one another. */
  turn: Promise<unknown>;
  renewing: boolean;
  leaving: boolean;
  over: boolean;
  cancelExpiry: () => void;
}

/** That a lease is ours for some time from now, if the write under way succeeds. */
interface Trust {
  confirm(): void;
  forget(): void;
}

/** The leases of one worker. */
export interface Holds {
  readonly shards: ReadonlySet<string>;
  take(lease: Lease, signal: AbortSignal): Promise<void>;
  renewAll(): void;
  /** A write of the owner; rejects where it is not known whether it was carried out. */
  write(
    shardId: string,
    change: Omit<Change, 'counter'>,
    signal: AbortSignal,
  ): Promise<'done' | 'lost'>;
  finish(
    shardId: string,
    children: readonly string[],
    signal: AbortSignal,
  ): Promise<'done' | 'lost'>;
  /** Lets the worker that waits for it go on. */
  leave(hold: Hold): Promise<void>;
  releaseAll(signal: AbortSignal): Promise<void>;
  kill(): void;
}

/** Asked anew after something was awaited. */
function isOver({ over }: Held): boolean {
  return over;
}

export function createHolds(options: HoldsOptions): Holds {
  const { table, clock, id, failoverMs } = options;
  const holds = new Map<string, Held>();
  const shards = new Set<string>();

  /** Counts from before the write that may prove it, since others count from when they see it. */
  function trust(held: Held): Trust {
    const cancel = clock.setTimer(() => {
      lose(held);
    }, failoverMs);
    return {
      confirm() {
        held.cancelExpiry();
        held.cancelExpiry = cancel;
        if (held.over) cancel();
      },
      forget: cancel,
    };
  }

  /** Whether it was among the leases. */
  function drop(held: Held): boolean {
    held.over = true;
    held.cancelExpiry();
    if (holds.get(held.shardId) !== held) return false;
    shards.delete(held.shardId);
    return holds.delete(held.shardId);
  }

  function lose(held: Held): void {
    if (drop(held)) options.onLost(held.shardId);
  }

  async function take(lease: Lease, signal: AbortSignal): Promise<void> {
    const { shardId, counter } = lease;
    const held: Held = {
      shardId,
      counter: counter + 1,
      turn: Promise.resolve(),
      renewing: false,
      leaving: false,
      over: false,
      cancelExpiry: () => undefined,
    };
    const trusted = trust(held);
    const change = {
      counter: counter + 1,
      owner: id,
      leaving: undefined,
      switches: lease.owner === id ? lease.switches : lease.switches + 1,
    };
    try {
      const row = await table.write(shardId, { counter }, change, signal);
      trusted.confirm();
      // The answer may have taken longer than the lease.
      if (row === undefined || held.over || options.signal.aborted) {
        drop(held);
        return;
      }
      holds.set(shardId, held);
      shards.add(shardId);
      options.onGranted(row);
    } catch (error) {
      trusted.forget();
      drop(held);
      throw error;
    }
  }

  /** Undefined where another worker has written the row in the meantime. */
  async function put(
    held: Held,
    change: Omit<Change, 'counter'>,
    signal: AbortSignal,
  ): Promise<Lease | undefined> {
    for (;;) {
      if (held.over) return undefined;
      const trusted = trust(held);
      const counter = held.counter + 1;
      const expected = { counter: held.counter };
      let row: Lease | undefined;
      try {
        row = await table.write(held.shardId, expected, { ...change, counter }, signal);
      } catch (error) {
        trusted.forget();
        throw error;
      }
      if (row !== undefined) {
        trusted.confirm();
        held.counter = counter;
        // The answer may have taken longer than the lease; what it says is of a time that is over.
        return isOver(held) ? undefined : row;
      }
      trusted.forget();
      // A write of ours that had no answer may have been carried out all the same: then the row is still ours.
      const now = await table.read(held.shardId, signal);
      const isOurs = now !== undefined && (now.leaving ?? now.owner) === id;
      if (!isOurs || now.counter <= held.counter) {
        lose(held);
        return undefined;
      }
      held.counter = now.counter;
    }
  }

  /** In the order of the calls. */
  function inTurn<T>(held: Held, work: () => Promise<T>): Promise<T> {
    const result = held.turn.then(work, work);
    held.turn = result.catch(() => undefined);
    return result;
  }

  /** Also sees whether somebody waits for the lease. */
  function update(
    held: Held,
    change: Omit<Change, 'counter'>,
    signal: AbortSignal,
  ): Promise<'done' | 'lost'> {
    return inTurn(held, async () => {
      const row = await put(held, change, signal);
      if (row === undefined) return 'lost';
      if (row.leaving === id && row.owner !== id && !held.leaving) {
        held.leaving = true;
        options.onHandOver(held);
      }
      return 'done';
    });
  }

  async function renew(held: Held): Promise<void> {
    // One that takes longer than the next is due says as much as two.
    if (held.renewing) return;
    held.renewing = true;
    try {
      await update(held, {}, options.signal);
    } catch (error) {
      if (!options.signal.aborted) options.onError(mapError(error, 'the lease table').error);
    } finally {
      held.renewing = false;
    }
  }

  async function leave(hold: Hold): Promise<void> {
    const held = holds.get(hold.shardId);
    if (held === undefined || held !== hold) return;
    try {
      await inTurn(held, () => put(held, { leaving: undefined }, options.signal));
      drop(held);
    } catch (error) {
      if (options.signal.aborted || held.over) return;
      options.onError(mapError(error, 'the lease table').error);
      // Until it is written or the time is over.
      const cancel = clock.setTimer(() => {
        if (!held.over) void leave(held);
      }, failoverMs / 10);
      options.signal.addEventListener('abort', cancel, { once: true });
    }
  }

  return {
    shards,
    take,
    renewAll() {
      for (const held of holds.values()) void renew(held);
    },
    write(shardId, change, signal) {
      const held = holds.get(shardId);
      return held === undefined ? Promise.resolve('lost') : update(held, change, signal);
    },
    async finish(shardId, children, signal) {
      const held = holds.get(shardId);
      if (held === undefined) return 'lost';
      const change = {
        checkpoint: { at: 'end' },
        owner: undefined,
        leaving: undefined,
        switches: 0,
        children,
      } as const;
      const row = await inTurn(held, () => put(held, change, signal));
      drop(held);
      return row === undefined ? 'lost' : 'done';
    },
    leave,
    async releaseAll(signal) {
      const releasing = [...holds.values()].map(async (held) => {
        const change = held.leaving ? { leaving: undefined } : { owner: undefined };
        try {
          await inTurn(held, () => put(held, change, signal));
        } catch {
          // Its time will run out.
        }
        drop(held);
      });
      await Promise.all(releasing);
    },
    kill() {
      for (const held of [...holds.values()]) drop(held);
    },
  };
}
