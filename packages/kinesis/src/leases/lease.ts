import type { HashRange } from '../hash-key.ts';

/** How far a group has come in a shard. A record is done with everything up to `sub` of it; -1 where nothing of it is. */
export type Checkpoint =
  | { readonly at: 'record'; readonly sequence: string; readonly sub: number }
  | { readonly at: 'time'; readonly sinceMs: number }
  | { readonly at: 'earliest' }
  | { readonly at: 'latest' }
  | { readonly at: 'end' };

/** One shard of one group: who reads it, and how far they have come. */
export interface Lease {
  readonly shardId: string;
  /** The worker that has it; undefined where it is free. */
  readonly owner: string | undefined;
  /**
   * The worker that had it and is finishing: until it is done, or its time is up, the owner only waits.
   */
  readonly leaving: string | undefined;
  /** Raised by each write of its owner. It is the lock, and it is what shows that the owner lives. */
  readonly counter: number;
  readonly checkpoint: Checkpoint;
  /** Where the group began, for the shards that come out of this one. */
  readonly sinceMs: number | undefined;
  /** Owners since the last checkpoint. */
  readonly switches: number;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  /** Undefined in rows of old versions of the Kinesis Client Library. */
  readonly range: HashRange | undefined;
}

/** A row that nobody has owned yet. */
export type NewLease = Pick<Lease, 'shardId' | 'checkpoint' | 'sinceMs' | 'parents' | 'range'>;

/** What a write expects to find: the counter always, and the rest where it is stated. */
export interface Expected {
  readonly counter: number;
  readonly owner?: string;
  /** Nobody is finishing. */
  readonly settled?: true;
}

/** What a write changes; `undefined` removes. */
export interface Change {
  readonly counter: number;
  readonly owner?: string | undefined;
  readonly leaving?: string | undefined;
  readonly checkpoint?: Checkpoint;
  readonly sinceMs?: number | undefined;
  readonly switches?: number;
  readonly children?: readonly string[];
}

/** Where leases are kept. Every call may fail, and a write that failed may have been carried out, or yet be. */
export interface LeaseTable {
  /** All there are, as they were at some moment after the call. */
  scan(signal: AbortSignal): Promise<readonly Lease[]>;
  read(shardId: string, signal: AbortSignal): Promise<Lease | undefined>;
  /** Leaves a row alone that is there. */
  create(lease: NewLease, signal: AbortSignal): Promise<void>;
  /** The row as it is now; undefined where it was not as expected. */
  write(
    shardId: string,
    expected: Expected,
    change: Change,
    signal: AbortSignal,
  ): Promise<Lease | undefined>;
  /** Leaves it alone where the counter is another one. */
  remove(shardId: string, counter: number, signal: AbortSignal): Promise<void>;
}

export function hasEnded({ checkpoint }: Lease): boolean {
  return checkpoint.at === 'end';
}
