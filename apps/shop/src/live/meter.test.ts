import { expect, test } from 'vitest';
import { createMeter } from './meter.ts';

test('rates are those of the last seconds, and are forgotten after them', () => {
  let ms = 10_000;
  const meter = createMeter(() => ms);
  for (; ms < 20_000; ms += 10) {
    meter.published(2);
    meter.handled(40);
  }
  const { publishedPerSecond, handledPerSecond, p50Ms, p99Ms } = meter.rates();
  expect(publishedPerSecond).toBeCloseTo(200);
  expect(handledPerSecond).toBeCloseTo(100);
  expect(p50Ms).toBe(p99Ms);
  expect(p50Ms).toBeGreaterThan(39);
  ms += 4_000;
  expect(meter.rates()).toEqual({
    publishedPerSecond: 0,
    handledPerSecond: 0,
    p50Ms: undefined,
    p99Ms: undefined,
  });
});
