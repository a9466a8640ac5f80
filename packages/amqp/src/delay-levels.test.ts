import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { levelOf } from './delay-levels.ts';

test('levels are never early, and late by no more than a tenth', () => {
  const delays = fc.double({ min: 0.001, max: 4_000_000_000, noNaN: true });
  fc.assert(
    fc.property(delays, (delayMs) => {
      const level = levelOf(delayMs);
      expect(level).toBeGreaterThanOrEqual(delayMs);
      expect(level).toBeLessThanOrEqual(Math.ceil(delayMs) * 1.1);
      expect(levelOf(level)).toBe(level);
    }),
  );
});

test('there are few', () => {
  const levels = new Set<number>();
  for (let delayMs = 1; delayMs <= 100_000; delayMs += 7) levels.add(levelOf(delayMs));
  expect(levels.size).toBeLessThan(400);
});
