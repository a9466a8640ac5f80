import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDeadlines, type Timed } from './deadlines.ts';

test('the first is always the earliest, whatever was moved or taken out', () => {
  const change = fc.record({
    item: fc.nat({ max: 20 }),
    dueAt: fc.oneof(fc.nat({ max: 50 }), fc.constant(Infinity)),
  });
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const deadlines = createDeadlines<Timed>();
      const items = Array.from({ length: 21 }, (): Timed => ({ dueAt: Infinity, slot: -1 }));
      for (const { item, dueAt } of changes) {
        const timed = items[item]!;
        deadlines.set(timed, dueAt);
        expect(timed.dueAt).toBe(dueAt);
        const earliest = Math.min(...items.map((each) => each.dueAt));
        expect(deadlines.first?.dueAt ?? Infinity).toBe(earliest);
      }
      for (let first = deadlines.first; first !== undefined; first = deadlines.first) {
        expect(first.dueAt).toBe(Math.min(...items.map((each) => each.dueAt)));
        deadlines.set(first, Infinity);
      }
      expect(items.every(({ slot }) => slot === -1)).toBe(true);
    }),
  );
});
