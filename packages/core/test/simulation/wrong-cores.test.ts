import { expect, test } from 'vitest';
import { loadCore } from './core.ts';
import { generatePlan } from './generate.ts';
import type { Mode } from './plan.ts';
import { simulate } from './simulate.ts';
import { copyOfCore, wrongCores } from './wrong-cores.ts';

const modes: readonly Mode[] = ['pull', 'push', 'log'];

test.each(Object.entries(wrongCores))(
  'a core with %s is found within a thousand seeds',
  async (_, { mutations, foundBy }) => {
    const copy = copyOfCore(mutations);
    try {
      const core = await loadCore(copy.folder);
      let found: string | undefined;
      for (let seed = 1; seed <= 1_000 && found === undefined; seed += 1) {
        for (const mode of modes) {
          const { violation } = await simulate(generatePlan(mode, seed), core, { traced: false });
          if (violation !== undefined && foundBy.includes(violation.check))
            found ??= violation.check;
        }
      }
      expect(found).toBeDefined();
    } finally {
      copy.remove();
    }
  },
  300_000,
);
