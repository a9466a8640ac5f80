import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { fromDecimal, toDecimal } from '../hash-key.ts';
import type { Change, Checkpoint, Lease, NewLease } from './lease.ts';

/** A row of the table, in the schema of the Kinesis Client Library 2 and 3. */
export type Row = Readonly<Record<string, AttributeValue>>;

/** Its hash key. */
export const keyName = 'leaseKey';
/** Ours beside the schema's: when the group began, milliseconds since the epoch. */
const sinceName = 'startingTimestamp';
const sequenceName = 'checkpoint';
const subName = 'checkpointSubSequenceNumber';

/**
 * The lease of a row; undefined for rows of other kinds, which the Kinesis Client Library keeps in the same table since
 * version 3.5.
 */
export function readRow(row: Row): Lease | undefined {
  const kind = row['entityType']?.S;
  const shardId = row['shardId']?.S ?? row[keyName]?.S;
  if (shardId === undefined || (kind !== undefined && kind !== 'LEASE')) return undefined;
  const since = numberIn(row, sinceName);
  const first = row['startingHashKey']?.S;
  const last = row['endingHashKey']?.S;
  return {
    shardId,
    owner: row['leaseOwner']?.S,
    leaving: row['checkpointOwner']?.S,
    counter: numberIn(row, 'leaseCounter') ?? 0,
    checkpoint: readCheckpoint(row, since),
    sinceMs: since,
    switches: numberIn(row, 'ownerSwitchesSinceCheckpoint') ?? 0,
    parents: row['parentShardId']?.SS ?? [],
    children: row['childShardIds']?.SS ?? [],
    range:
      first === undefined || last === undefined
        ? undefined
        : { first: fromDecimal(first), last: fromDecimal(last) },
  };
}

function readCheckpoint(row: Row, sinceMs: number | undefined): Checkpoint {
  const text = row[sequenceName]?.S ?? 'TRIM_HORIZON';
  switch (text) {
    case 'TRIM_HORIZON':
      return { at: 'earliest' };
    case 'LATEST':
      return { at: 'latest' };
    case 'SHARD_END':
      return { at: 'end' };
    case 'AT_TIMESTAMP':
      // The Kinesis Client Library has the time in its configuration, where we cannot look.
      return sinceMs === undefined ? { at: 'earliest' } : { at: 'time', sinceMs };
    default:
      return { at: 'record', sequence: text, sub: numberIn(row, subName) ?? 0 };
  }
}

function numberIn(row: Row, name: string): number | undefined {
  const text = row[name]?.N;
  return text === undefined ? undefined : Number(text);
}

export function writeRow(lease: NewLease): Row {
  const { range, parents, sinceMs } = lease;
  return {
    [keyName]: { S: lease.shardId },
    leaseCounter: { N: '0' },
    ownerSwitchesSinceCheckpoint: { N: '0' },
    ...checkpointOf(lease.checkpoint),
    ...(sinceMs === undefined ? {} : { [sinceName]: { N: String(sinceMs) } }),
    ...(parents.length === 0 ? {} : { parentShardId: { SS: [...parents] } }),
    ...(range === undefined
      ? {}
      : {
          startingHashKey: { S: toDecimal(range.first) },
          endingHashKey: { S: toDecimal(range.last) },
        }),
  };
}

/** What is set, and the names of what is removed. */
export interface RowChange {
  readonly set: Row;
  readonly remove: readonly string[];
}

export function changeOf(change: Change): RowChange {
  const set: Record<string, AttributeValue> = { leaseCounter: { N: String(change.counter) } };
  const remove: string[] = [];
  const put = (name: string, value: AttributeValue | undefined): void => {
    if (value === undefined) remove.push(name);
    else set[name] = value;
  };
  const text = (value: string | undefined): AttributeValue | undefined =>
    value === undefined ? undefined : { S: value };
  if ('owner' in change) put('leaseOwner', text(change.owner));
  if ('leaving' in change) put('checkpointOwner', text(change.leaving));
  if (change.checkpoint !== undefined) Object.assign(set, checkpointOf(change.checkpoint));
  if ('sinceMs' in change)
    put(sinceName, change.sinceMs === undefined ? undefined : { N: String(change.sinceMs) });
  if (change.switches !== undefined)
    set['ownerSwitchesSinceCheckpoint'] = { N: String(change.switches) };
  if (change.children !== undefined && change.children.length > 0)
    set['childShardIds'] = { SS: [...change.children] };
  return { set, remove };
}

const names: Readonly<Record<Exclude<Checkpoint['at'], 'record'>, string>> = {
  time: 'AT_TIMESTAMP',
  earliest: 'TRIM_HORIZON',
  latest: 'LATEST',
  end: 'SHARD_END',
};

function checkpointOf(checkpoint: Checkpoint): Row {
  const [sequence, sub] =
    checkpoint.at === 'record' ? [checkpoint.sequence, checkpoint.sub] : [names[checkpoint.at], 0];
  return { [sequenceName]: { S: sequence }, [subName]: { N: String(sub) } };
}
