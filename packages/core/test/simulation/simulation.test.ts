import { describe, expect, test } from 'vitest';
import { loadCore, ownSource } from './core.ts';
import { generatePlan } from './generate.ts';
import type { Mode } from './plan.ts';
import { simulate } from './simulate.ts';

const modes: readonly Mode[] = ['pull', 'push', 'log'];
const core = await loadCore(ownSource);

/** A busy machine may take long; a run that never ends is found by the bound on its events. */
const patienceMs = 300_000;

describe.each(modes)('%s', (mode) => {
  test(
    'a thousand seeds show nothing wrong',
    async () => {
      for (let seed = 1; seed <= 1_000; seed += 1) {
        const { violation } = await simulate(generatePlan(mode, seed), core, { traced: false });
        expect(
          violation,
          `pnpm simulate --mode ${mode} --seed ${seed} replays it, with --shrink it makes it smaller`,
        ).toBeUndefined();
      }
    },
    patienceMs,
  );

  test('a seed is the same run each time, whatever ran before', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const first = await simulate(generatePlan(mode, seed), core, { traced: true });
      await simulate(generatePlan(mode, seed + 100), core, { traced: false });
      const second = await simulate(generatePlan(mode, seed), core, { traced: true });
      const untraced = await simulate(generatePlan(mode, seed), core, { traced: false });
      expect(second.trace).toEqual(first.trace);
      expect(second.hash).toBe(first.hash);
      expect([untraced.events, untraced.virtualMs]).toEqual([first.events, first.virtualMs]);
    }
  });
});
