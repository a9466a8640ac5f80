import { describe, expect, test } from 'vitest';
import { simulate } from './simulation/simulate.ts';

// Thousands more by `pnpm simulate:leases --seeds 5000`.
describe('nothing is skipped, no key overtakes itself, no checkpoint goes back', () => {
  test.each([
    ['workers join and leave while shards split and merge', false],
    ['workers crash and stand still too, and answers get lost', true],
  ])('%s', async (_, troubled) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const { violations } = await simulate(seed, troubled);
      expect(violations, `seed ${seed}`).toEqual([]);
    }
  });
});
