import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';

describe('createVirtualClock', () => {
  test('stands still until it is moved', async () => {
    const clock = createVirtualClock({ now: 1_000 });
    expect(clock.now()).toBe(1_000);
    await clock.advance(250);
    expect(clock.now()).toBe(1_250);
    expect(createVirtualClock().now()).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });

  test('runs timers in order of time, then of setting, at their own time', async () => {
    const clock = createVirtualClock({ now: 0 });
    const seen: [string, number][] = [];
    const note = (name: string) => () => seen.push([name, clock.now()]);
    clock.setTimer(note('late'), 30);
    clock.setTimer(note('first'), 10);
    clock.setTimer(note('second'), 10);
    clock.setTimer(note('never'), 101);
    clock.setTimer(note('at once'), -5);
    await clock.advance(100);
    expect(seen).toEqual([
      ['at once', 0],
      ['first', 10],
      ['second', 10],
      ['late', 30],
    ]);
    expect(clock.pending).toBe(1);
  });

  test('promise chains settle between two timers, however long', async () => {
    const clock = createVirtualClock();
    const seen: string[] = [];
    clock.setTimer(() => {
      void (async () => {
        for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
        process.nextTick(() => void Promise.resolve().then(() => seen.push('chain')));
      })();
    }, 1);
    clock.setTimer(() => seen.push('timer'), 1);
    await clock.advance(1);
    expect(seen).toEqual(['chain', 'timer']);
  });

  test('a timer that sets timers, and what a promise sets before the first one', async () => {
    const clock = createVirtualClock({ now: 0 });
    const seen: number[] = [];
    const again = (): void => {
      seen.push(clock.now());
      if (seen.length < 4) clock.setTimer(again, 10);
    };
    void Promise.resolve().then(() => clock.setTimer(again, 10));
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    await clock.advance(5);
    expect(seen).toEqual([10, 20, 30, 40]);
    expect(clock.pending).toBe(0);
  });

  test('a cancelled timer does not run and is not pending', async () => {
    const clock = createVirtualClock();
    const seen: string[] = [];
    const cancel = clock.setTimer(() => seen.push('cancelled'), 5);
    clock.setTimer(() => {
      cancelLater();
    }, 6);
    const cancelLater = clock.setTimer(() => seen.push('cancelled by a timer'), 6);
    cancel();
    cancel();
    expect(clock.pending).toBe(2);
    await clock.advance(10);
    cancelLater();
    expect(seen).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('overlapping calls run one after the other', async () => {
    const clock = createVirtualClock({ now: 0 });
    await Promise.all([clock.advance(10), clock.advance(20), clock.advance(0)]);
    expect(clock.now()).toBe(30);
  });

  test('what a timer throws comes out, and the clock goes on', async () => {
    const clock = createVirtualClock({ now: 0 });
    clock.setTimer(() => {
      throw new Error('from a timer');
    }, 5);
    let ran = 0;
    clock.setTimer(() => (ran += 1), 6);
    await expect(clock.advance(10)).rejects.toThrow('from a timer');
    expect([clock.now(), ran]).toEqual([5, 0]);
    await clock.advance(10);
    expect([clock.now(), ran]).toEqual([15, 1]);
  });

  test('timers that set each other without a delay are found out', async () => {
    const clock = createVirtualClock();
    const again = (): void => {
      clock.setTimer(again, 0);
    };
    again();
    await expect(clock.advance(1)).rejects.toMatchObject({ code: 'timeout' });
  });

  test.each([-1, Number.NaN, Infinity])('refuses to move by %s', async (ms) => {
    await expect(createVirtualClock().advance(ms)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('random is the same for the same seed, and between 0 and 1', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const one = createVirtualClock({ seed });
        const other = createVirtualClock({ seed });
        for (let draw = 0; draw < 20; draw += 1) {
          const value = one.random();
          expect(value).toBe(other.random());
          expect(value >= 0 && value < 1).toBe(true);
        }
      }),
    );
  });

  test('random is spread evenly, for seeds side by side too', () => {
    for (const seed of [-1, 0, 1, 2]) {
      const clock = createVirtualClock({ seed });
      const buckets = Array.from({ length: 10 }, () => 0);
      for (let draw = 0; draw < 10_000; draw += 1) buckets[Math.floor(clock.random() * 10)]! += 1;
      for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    }
  });

  test('runs every timer exactly once and in order, whatever was set', async () => {
    const delays = fc.array(fc.nat({ max: 50 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        delays,
        fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 6 }),
        async (given, moves) => {
          const clock = createVirtualClock({ now: 0 });
          const ran: { readonly index: number; readonly at: number }[] = [];
          for (const [index, delay] of given.entries())
            clock.setTimer(() => ran.push({ index, at: clock.now() }), delay);
          for (const ms of moves) await clock.advance(ms);
          const due = [...given.entries()].filter(([, delay]) => delay <= clock.now());
          due.sort(([a, one], [b, other]) => one - other || a - b);
          expect(ran).toEqual(due.map(([index, at]) => ({ index, at })));
          expect(clock.pending).toBe(given.length - due.length);
        },
      ),
    );
  });
});
