import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';
import { createWheel, timer } from './wheel.ts';

describe('wheel', () => {
  it('fires in order of time, never early, at most a tick late', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 60 }),
        async (delays) => {
          const clock = createVirtualClock({ now: 1_000_003 });
          const wheel = createWheel(clock);
          const fired: { due: number; at: number }[] = [];
          for (const delay of delays) {
            const due = clock.now() + delay;
            wheel.set(
              timer(() => fired.push({ due, at: clock.now() })),
              due,
            );
          }
          await clock.advance(6_000);
          expect(fired).toHaveLength(delays.length);
          for (const { due, at } of fired) {
            expect(at).toBeGreaterThanOrEqual(due);
            expect(at - due).toBeLessThan(10);
          }
          expect(clock.pending).toBe(0);
        },
      ),
    );
  });

  it('never fires what was cancelled, and fires what was moved at its new time only', async () => {
    const clock = createVirtualClock();
    const wheel = createWheel(clock);
    const fired: string[] = [];
    const cancelled = timer(() => fired.push('cancelled'));
    const moved = timer(() => fired.push(`moved at ${clock.now() - start}`));
    const start = clock.now();
    wheel.set(cancelled, start + 100);
    wheel.set(moved, start + 100);
    wheel.set(moved, start + 500);
    wheel.cancel(cancelled);
    await clock.advance(400);
    expect(fired).toEqual([]);
    await clock.advance(200);
    expect(fired).toHaveLength(1);
  });

  it('lets a timer set itself again and cancel another of the same tick', async () => {
    const clock = createVirtualClock();
    const wheel = createWheel(clock);
    let count = 0;
    const victim = timer(() => {
      throw new Error('was cancelled');
    });
    const again = timer(() => {
      count += 1;
      wheel.cancel(victim);
      if (count < 3) wheel.set(again, clock.now() + 50);
    });
    wheel.set(victim, clock.now() + 50);
    wheel.set(again, clock.now() + 50);
    await clock.advance(1_000);
    expect(count).toBe(3);
  });

  it('leaves no timer behind when it is closed', () => {
    const clock = createVirtualClock();
    const wheel = createWheel(clock);
    wheel.set(
      timer(() => undefined),
      clock.now() + 50,
    );
    expect(clock.pending).toBe(1);
    wheel.close();
    expect(clock.pending).toBe(0);
    wheel.set(
      timer(() => undefined),
      clock.now() + 50,
    );
    expect(clock.pending).toBe(0);
  });
});
