import { compareSequences } from '../../src/position.ts';
import type { Change, Expected, Lease, LeaseTable, NewLease } from '../../src/leases/lease.ts';
import type { Network } from './network.ts';

/** The rows of a group, and what must be true of every write. */
export interface Rows {
  /** How often a shard came to a worker. */
  readonly takes: number;
  /** As one process sees them. */
  through(network: Network): LeaseTable;
}

/** @param violated what a write did that must not be */
export function createRows(violated: (text: string) => void, trace: (text: string) => void): Rows {
  const rows = new Map<string, Lease>();
  const ended = new Set<string>();
  let takes = 0;

  function create(lease: NewLease): void {
    if (rows.has(lease.shardId)) return;
    if (ended.has(lease.shardId)) violated(`${lease.shardId} was made again after its end`);
    const empty = { owner: undefined, leaving: undefined, counter: 0, switches: 0, children: [] };
    rows.set(lease.shardId, { ...lease, ...empty });
    trace(`${lease.shardId} is made, from ${lease.parents.join()}`);
  }

  function write(shardId: string, expected: Expected, change: Change): Lease | undefined {
    const row = rows.get(shardId);
    if (row?.counter !== expected.counter) return undefined;
    if (expected.owner !== undefined && row.owner !== expected.owner) return undefined;
    if (expected.settled === true && row.leaving !== undefined) return undefined;
    const next: Lease = { ...row, ...change };
    check(row, next);
    if (next.checkpoint.at === 'end') ended.add(shardId);
    if (change.owner !== undefined && next.leaving === undefined) takes += 1;
    rows.set(shardId, next);
    trace(`${shardId} ${JSON.stringify(change, (_, value: unknown) => value ?? null)}`);
    return next;
  }

  function check(before: Lease, after: Lease): void {
    const [was, is] = [before.checkpoint, after.checkpoint];
    if (was.at === 'end' && is.at !== 'end') violated(`${before.shardId} came back from its end`);
    if (was.at !== 'record' || is.at === 'end') return;
    const order =
      is.at === 'record' ? compareSequences(is.sequence, was.sequence) || is.sub - was.sub : -1;
    if (order < 0) violated(`the checkpoint of ${before.shardId} went back`);
  }

  return {
    get takes() {
      return takes;
    },
    through: (network) => ({
      scan: () => network.call(() => [...rows.values()]),
      read: (shardId) => network.call(() => rows.get(shardId)),
      create: (lease) =>
        network.call(() => {
          create(lease);
        }),
      write: (shardId, expected, change) => network.call(() => write(shardId, expected, change)),
      remove: (shardId, counter) =>
        network.call(() => {
          if (rows.get(shardId)?.counter !== counter) return;
          rows.delete(shardId);
          trace(`${shardId} is tidied away`);
        }),
    }),
  };
}
