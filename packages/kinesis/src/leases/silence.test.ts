import { expect, test } from 'vitest';
import type { Lease } from './lease.ts';
import { createSilence } from './silence.ts';

function lease(counter: number, leaving?: string): Lease {
  return {
    shardId: 's',
    owner: 'w',
    leaving,
    counter,
    checkpoint: { at: 'earliest' },
    sinceMs: undefined,
    switches: 0,
    parents: [],
    children: [],
    range: undefined,
  };
}

test('an owner is silent after two whole intervals with the same counter', () => {
  const silence = createSilence(2, 3);
  silence.look([lease(1)], 'passed');
  silence.look([lease(1)], 'passed');
  expect(silence.isSilent(lease(1))).toBe(false);
  silence.look([lease(1)], 'passed');
  expect(silence.isSilent(lease(1))).toBe(true);
  silence.look([lease(2)], 'passed');
  expect(silence.isSilent(lease(2))).toBe(false);
});

test('a look in between counts for nothing, and what is new then is a part of an interval behind', () => {
  const silence = createSilence(1, 3);
  silence.look([lease(1)], 'not-passed');
  silence.look([lease(1)], 'not-passed');
  expect(silence.isSilent(lease(1))).toBe(false);
  silence.look([lease(1)], 'passed');
  expect(silence.isSilent(lease(1))).toBe(false);
  silence.look([lease(1)], 'passed');
  expect(silence.isSilent(lease(1))).toBe(true);
});

test('who finishes has three intervals, however often it renews', () => {
  const silence = createSilence(9, 3);
  for (const counter of [1, 2, 3]) silence.look([lease(counter, 'old')], 'passed');
  expect(silence.isOverdue(lease(3, 'old'))).toBe(false);
  silence.look([lease(4, 'old')], 'passed');
  expect(silence.isOverdue(lease(4, 'old'))).toBe(true);
});
