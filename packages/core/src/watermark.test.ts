import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWatermark } from './watermark.ts';

describe('watermark', () => {
  it('is the contiguous settled prefix, whatever the order of acks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }).chain((count) =>
          fc.tuple(
            fc.constant(count),
            fc.shuffledSubarray(
              Array.from({ length: count }, (_, index) => index),
              { minLength: 0, maxLength: count },
            ),
          ),
        ),
        ([count, order]) => {
          const watermark = createWatermark();
          const settles = Array.from({ length: count }, (_, value) => watermark.add({ value }));
          const settled = new Set<number>();
          let taken = -1;
          for (const index of order) {
            settles[index]?.();
            settled.add(index);
            let prefix = -1;
            while (settled.has(prefix + 1)) prefix += 1;
            const token = watermark.take();
            if (token !== undefined) taken = token.value as number;
            expect(taken).toBe(prefix);
            expect(watermark.size).toBe(count - prefix - 1);
          }
        },
      ),
    );
  });

  it('counts a delivery settled twice once', () => {
    const watermark = createWatermark();
    const first = watermark.add({ value: 'a' });
    watermark.add({ value: 'b' });
    first();
    first();
    expect(watermark.take()).toEqual({ value: 'a' });
    expect(watermark.take()).toBeUndefined();
    expect(watermark.size).toBe(1);
  });
});
