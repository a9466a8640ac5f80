import type { Shard } from '@aws-sdk/client-kinesis';
import { type Clock, IntermodalError, type StartPosition } from '@intermodal/core/driver';
import { ask } from './ask.ts';
import { decodeAggregate } from './kpl-format.ts';
import type { Checkpoint, Lease, LeaseTable, NewLease } from './leases/lease.ts';
import { besides, forgotten, type Kin, kinOf, leaseFor, roots } from './lineage.ts';
import { invalid } from './options.ts';
import { parsePosition } from './position.ts';
import type { Page, Reads } from './reads.ts';
import { arrivalOf, nativeOf } from './record-source.ts';

export interface BeginningOptions {
  readonly table: LeaseTable;
  readonly reads: Reads;
  readonly shards: readonly Shard[];
  readonly clock: Clock;
  readonly place: string;
}

/** Whether somebody has read for the group: until then it has no place of its own, wherever it was provisioned to begin. */
function hasBegun(leases: readonly Lease[]): boolean {
  return leases.some(({ counter }) => counter > 0);
}

/**
 * Makes the rows that a group needs to begin there, or to go on where it is. Several workers may do it at once.
 *
 * @param from undefined for a group that goes on as it was provisioned
 */
export async function begin(
  options: BeginningOptions,
  from: StartPosition | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { table } = options;
  const leases = await table.scan(signal);
  const kin = kinOf(options.shards);
  if (hasBegun(leases) || (from === undefined && leases.length > 0)) {
    const lost = forgotten(kin, leases).map((one) => leaseFor(one, { at: 'earliest' }, undefined));
    await create(table, lost, signal);
    return;
  }
  const wanted = await leasesFrom(options, kin, from ?? 'latest', signal);
  for (const { shardId, counter } of leases) {
    const kept = wanted.find((lease) => lease.shardId === shardId);
    if (kept === undefined) await table.remove(shardId, counter, signal);
    // Not raised: the group is still one that nobody has read for.
    else {
      const { checkpoint, sinceMs } = kept;
      await table.write(shardId, { counter }, { counter, checkpoint, sinceMs }, signal);
    }
  }
  await create(table, wanted, signal);
}

async function create(
  table: LeaseTable,
  leases: readonly NewLease[],
  signal: AbortSignal,
): Promise<void> {
  for (const lease of leases) await table.create(lease, signal);
}

async function leasesFrom(
  options: BeginningOptions,
  kin: readonly Kin[],
  from: StartPosition,
  signal: AbortSignal,
): Promise<readonly NewLease[]> {
  if (from === 'earliest')
    return roots(kin).map((one) => leaseFor(one, { at: 'earliest' }, undefined));
  if (from === 'latest') {
    const open = kin.filter(({ isOpen }) => isOpen);
    return Promise.all(
      open.map(async (one) => leaseFor(one, await endOf(options, one.shardId, signal), undefined)),
    );
  }
  if (from instanceof Date) {
    const sinceMs = from.getTime();
    return roots(kin).map((one) => leaseFor(one, { at: 'time', sinceMs }, sinceMs));
  }
  return leasesAt(options, kin, from.position, signal);
}

async function leasesAt(
  { reads, place }: BeginningOptions,
  kin: readonly Kin[],
  text: string,
  signal: AbortSignal,
): Promise<readonly NewLease[]> {
  const position = parsePosition(text);
  const own = kin.find(({ shardId }) => shardId === position?.shardId);
  if (position === undefined) throw invalid(`'${text}' is no position of a stream`);
  if (own === undefined) {
    throw new IntermodalError('not-found', `${place}: it does not keep position ${text} any more`, {
      transport: 'kinesis',
      address: place,
    });
  }
  const { shardId, sequence, sub } = position;
  const at = { at: 'record', sequence, sub: sub - 1 } as const;
  const iterator = await ask(reads.iterator(shardId, at, signal), place);
  const { Records = [] } = await ask(reads.page(iterator, 1, signal), place);
  const sinceMs = arrivalOf(Records[0]);
  const others = besides(kin, shardId).map((one) =>
    leaseFor(one, sinceMs === undefined ? { at: 'earliest' } : { at: 'time', sinceMs }, sinceMs),
  );
  return [leaseFor(own, at, undefined), ...others];
}

/**
 * The end of a shard as a place that stays where it is. `LATEST` itself moves on until somebody reads, and what came in
 * between would be lost. The time is the service's.
 */
async function endOf(
  { reads, clock, place }: BeginningOptions,
  shardId: string,
  signal: AbortSignal,
): Promise<Checkpoint> {
  const latest = await ask(reads.iterator(shardId, { at: 'latest' }, signal), place);
  const { at = clock.now() - 60_000 } = await ask(reads.page(latest, 1, signal), place);
  // The service says the time in whole seconds, and its machines may not quite agree.
  const sinceMs = at - 1_000;
  let iterator: string | undefined = await ask(
    reads.iterator(shardId, { at: 'time', sinceMs }, signal),
    place,
  );
  let end: Checkpoint = { at: 'time', sinceMs };
  while (iterator !== undefined) {
    const page: Page = await ask(reads.page(iterator, 10_000, signal), place);
    const last = page.Records?.at(-1);
    if (last?.SequenceNumber !== undefined) {
      const { Data = new Uint8Array() } = nativeOf(last);
      const inside = decodeAggregate(Data)?.length ?? 1;
      end = { at: 'record', sequence: last.SequenceNumber, sub: inside - 1 };
    }
    if ((page.MillisBehindLatest ?? 0) === 0) return end;
    iterator = page.NextShardIterator;
  }
  return end;
}
