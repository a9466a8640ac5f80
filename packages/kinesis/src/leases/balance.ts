import { hasEnded, type Lease } from './lease.ts';

export interface Situation {
  readonly leases: readonly Lease[];
  readonly me: string;
  /** Shards that this worker reads, or is finishing. */
  readonly held: ReadonlySet<string>;
  /** Whether nobody has renewed it for as long as an owner may be silent. */
  readonly isSilent: (lease: Lease) => boolean;
  /** Whether the worker that is finishing has had its time. */
  readonly isOverdue: (lease: Lease) => boolean;
  /** Children of a shard that this worker has just finished: taken at once, so that their records do not wait. */
  readonly eager: ReadonlySet<string>;
  readonly maxShards: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface Moves {
  /** Free or silent, or handed over: to be owned from now on. */
  readonly take: readonly Lease[];
  /** Read by somebody who has more than their part: to be asked for. */
  readonly ask: readonly Lease[];
}

/** Shards that can be read now: not at their end, and everything that they came out of is. */
export function readable(leases: readonly Lease[]): readonly Lease[] {
  const unfinished = new Set(
    leases.filter((lease) => !hasEnded(lease)).map(({ shardId }) => shardId),
  );
  return leases.filter(
    (lease) => !hasEnded(lease) && lease.parents.every((parent) => !unfinished.has(parent)),
  );
}

/** What one worker does to have its part of the shards, given what it sees. */
export function balance(situation: Situation): Moves {
  const { me, held, isSilent, isOverdue, eager, maxShards } = situation;
  const open = readable(situation.leases);
  const counts = new Map<string, number>([[me, 0]]);
  const free: Lease[] = [];
  const due: Lease[] = [];
  for (const lease of open) {
    const { owner, leaving, shardId } = lease;
    if (owner === me) {
      counts.set(me, (counts.get(me) ?? 0) + 1);
      const isDue = leaving === undefined || isSilent(lease) || isOverdue(lease);
      if (isDue && !held.has(shardId)) due.push(lease);
    } else if (owner === undefined || isSilent(lease)) {
      if (!held.has(shardId)) free.push(lease);
    } else counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const part = Math.min(maxShards, Math.ceil(open.length / counts.size));
  const wanted = part - (counts.get(me) ?? 0);
  const mixed = shuffled(free, situation.random);
  const first = mixed.filter(({ shardId }) => eager.has(shardId));
  const rest = mixed.filter(({ shardId }) => !eager.has(shardId));
  const room = maxShards - (counts.get(me) ?? 0);
  const taken = [
    ...first.slice(0, Math.max(0, room)),
    ...rest.slice(0, Math.max(0, wanted - first.length)),
  ];
  const ask = free.length > 0 ? [] : surplus(open, counts, wanted, situation);
  return { take: [...due, ...taken], ask };
}

/** From those who have most, as long as it makes the parts more even. */
function surplus(
  open: readonly Lease[],
  counts: Map<string, number>,
  wanted: number,
  { me, random }: Situation,
): readonly Lease[] {
  const asked: Lease[] = [];
  let mine = counts.get(me) ?? 0;
  for (let left = wanted; left > 0; left -= 1) {
    const [owner, most] = [...counts].reduce((one, other) => (other[1] > one[1] ? other : one));
    if (most - mine < 2) return asked;
    const candidates = open.filter(
      (lease) => lease.owner === owner && lease.leaving === undefined && !asked.includes(lease),
    );
    const chosen = candidates[Math.floor(random() * candidates.length)];
    if (chosen === undefined) return asked;
    asked.push(chosen);
    counts.set(owner, most - 1);
    mine += 1;
  }
  return asked;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, weight: random() }))
    .sort((one, other) => one.weight - other.weight)
    .map(({ item }) => item);
}
