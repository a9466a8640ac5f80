import { expect, test } from 'vitest';
import { createSlots, eachInSlots } from './slots.ts';

const never = new AbortController().signal;

test('who comes first is served first, and who gives up leaves the place to others', async () => {
  const slots = createSlots(1);
  const order: string[] = [];
  expect(await slots.take(never)).toBe(true);
  const giveUp = new AbortController();
  const first = slots.take(giveUp.signal).then((taken) => order.push(`first ${taken}`));
  const second = slots.take(never).then((taken) => order.push(`second ${taken}`));
  giveUp.abort();
  await first;
  slots.free();
  await second;
  expect(order).toEqual(['first false', 'second true']);
  expect(await slots.take(AbortSignal.abort())).toBe(false);
});

test('each index is worked on once, and no more at once than there are slots', async () => {
  const slots = createSlots(4);
  const seen: number[] = [];
  let running = 0;
  const run = (): Promise<void> =>
    eachInSlots(50, 3, slots, never, async (index) => {
      running += 1;
      expect(running).toBeLessThanOrEqual(4);
      seen.push(index);
      await new Promise(setImmediate);
      running -= 1;
    });
  await Promise.all([run(), run()]);
  expect(seen.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, n) => Math.floor(n / 2)),
  );
});

test('after the stop nothing is begun', async () => {
  const stop = new AbortController();
  const seen: number[] = [];
  await eachInSlots(10, 1, createSlots(1), stop.signal, (index) => {
    seen.push(index);
    if (index === 2) stop.abort();
    return Promise.resolve();
  });
  expect(seen).toEqual([0, 1, 2]);
});
