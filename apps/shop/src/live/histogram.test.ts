import { expect, test } from 'vitest';
import { createHistogram } from './histogram.ts';

test('of nothing there is no quantile', () => {
  expect(createHistogram().quantile(0.5)).toBeUndefined();
});

test('quantiles are within five per cent, in two histograms put together as well', () => {
  const [low, high] = [createHistogram(), createHistogram()];
  for (let ms = 1; ms <= 500; ms += 1) low.add(ms);
  for (let ms = 501; ms <= 1_000; ms += 1) high.add(ms);
  low.addAll(high);
  for (const [share, ms] of [
    [0.5, 500],
    [0.99, 990],
    [1, 1_000],
  ] as const)
    expect(Math.abs((low.quantile(share) ?? 0) / ms - 1)).toBeLessThanOrEqual(0.05);
});

test('what is quicker than a millisecond counts as one, what is slower than all buckets as the slowest', () => {
  const histogram = createHistogram();
  histogram.add(0);
  expect(histogram.quantile(1)).toBe(1);
  histogram.clear();
  histogram.add(1e12);
  expect(histogram.quantile(1)).toBeGreaterThan(600_000);
});
