import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { balance, readable, type Situation } from './balance.ts';
import type { Checkpoint, Lease } from './lease.ts';

function lease(shardId: string, changes: Partial<Lease> = {}): Lease {
  return {
    shardId,
    owner: undefined,
    leaving: undefined,
    counter: 1,
    checkpoint: { at: 'earliest' },
    sinceMs: undefined,
    switches: 0,
    parents: [],
    children: [],
    range: undefined,
    ...changes,
  };
}

function situation(leases: readonly Lease[], changes: Partial<Situation> = {}): Situation {
  return {
    leases,
    me: 'me',
    held: new Set(leases.flatMap(({ owner, shardId }) => (owner === 'me' ? [shardId] : []))),
    isSilent: () => false,
    isOverdue: () => false,
    eager: new Set(),
    maxShards: Infinity,
    random: () => 0.5,
    ...changes,
  };
}

const end: Checkpoint = { at: 'end' };

test('a child is readable when every parent is at its end or has no row', () => {
  const leases = [
    lease('a', { checkpoint: end }),
    lease('b'),
    lease('c', { parents: ['a'] }),
    lease('d', { parents: ['a', 'b'] }),
    lease('e', { parents: ['z'] }),
  ];
  expect(readable(leases).map(({ shardId }) => shardId)).toEqual(['b', 'c', 'e']);
});

test('the only worker takes everything, up to its limit', () => {
  const leases = ['a', 'b', 'c', 'd'].map((id) => lease(id));
  expect(balance(situation(leases)).take).toHaveLength(4);
  expect(balance(situation(leases, { maxShards: 3 })).take).toHaveLength(3);
});

test('who joins asks for its part, and no shard that is being handed over', () => {
  const leases = [
    ...['a', 'b', 'c'].map((id) => lease(id, { owner: 'other' })),
    lease('d', { owner: 'third', leaving: 'other' }),
  ];
  const { take, ask } = balance(situation(leases));
  expect(take).toEqual([]);
  expect(ask).toHaveLength(1);
  expect(ask[0]?.leaving).toBeUndefined();
});

test('nothing moves where the parts are as even as they can be', () => {
  const leases = [
    lease('a', { owner: 'other' }),
    lease('b', { owner: 'other' }),
    lease('c', { owner: 'me' }),
  ];
  expect(balance(situation(leases))).toEqual({ take: [], ask: [] });
});

test('a silent owner loses, and a worker that is finishing keeps until it is silent or overdue', () => {
  const leases = [lease('a', { owner: 'me', leaving: 'other' })];
  const none = new Set<string>();
  expect(balance(situation(leases, { held: none })).take).toEqual([]);
  expect(balance(situation(leases, { held: none, isOverdue: () => true })).take).toEqual(leases);
  expect(balance(situation(leases, { held: none, isSilent: () => true })).take).toEqual(leases);
  const silent = [lease('a', { owner: 'other' })];
  expect(balance(situation(silent, { isSilent: () => true })).take).toEqual(silent);
});

test('any number of workers come to parts that differ by one at most', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 7 }),
      (shards, count) => {
        const workers = Array.from({ length: count }, (_, index) => `w${index}`);
        let leases = Array.from({ length: shards }, (_, index) => lease(`s${index}`));
        for (let round = 0; round < 40; round += 1) {
          for (const me of workers) {
            const held = new Set(
              leases.flatMap(({ owner, shardId }) => (owner === me ? [shardId] : [])),
            );
            const { take, ask } = balance(situation(leases, { me, held }));
            const moved = new Set([...take, ...ask].map(({ shardId }) => shardId));
            leases = leases.map((one) => (moved.has(one.shardId) ? { ...one, owner: me } : one));
          }
        }
        const parts = workers.map((me) => leases.filter(({ owner }) => owner === me).length);
        expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
      },
    ),
  );
});
