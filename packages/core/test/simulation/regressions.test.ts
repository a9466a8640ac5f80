import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadCore, ownSource } from './core.ts';
import type { Plan } from './plan.ts';
import { simulate } from './simulate.ts';

/** A run that once went wrong, shrunk; `check` is what it violated. */
interface Regression {
  readonly check: string;
  readonly text: string;
  readonly plan: Plan;
}

const folder = new URL('regressions/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const core = await loadCore(ownSource);

test.each(names)('%s does not come back', async (name) => {
  const { plan } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Regression;
  const { violation } = await simulate(plan, core, { traced: false });
  expect(violation).toBeUndefined();
});
