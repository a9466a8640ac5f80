import { type Case, cases, type CaseResult, runCase } from '../../src/index.ts';
import type { Defect, Ground } from './defect.ts';
import { grounds, wrapped } from './grounds.ts';
import { loadMutatedCore } from './mutated-core.ts';

/** What came of one defect: the cases of its rule that failed with it. */
export interface DefectReport {
  readonly rule: string;
  readonly in: Defect['in'];
  readonly on: Ground;
  readonly defect: string;
  readonly caughtBy: readonly string[];
  /** Why the defect could not be tried. */
  readonly trouble?: string;
}

/** Runs the cases of the defect's rule with the defect. */
export async function runDefect(defect: Defect): Promise<DefectReport> {
  const on = defect.on ?? 'queue';
  const report = { rule: defect.rule, in: defect.in, on, defect: defect.name };
  try {
    return { ...report, caughtBy: await catchers(defect, on) };
  } catch (error) {
    return {
      ...report,
      caughtBy: [],
      trouble: error instanceof Error ? error.message : String(error),
    };
  }
}

async function catchers(defect: Defect, on: Ground): Promise<string[]> {
  const wanted = cases.filter((one) => one.rules.includes(defect.rule));
  if (defect.in === 'driver') {
    return failing(wanted, (one) => runCase(one, wrapped(grounds[on], defect.wrap)));
  }
  const { core, remove } = await loadMutatedCore(defect.edits);
  try {
    return await failing(wanted, (one) => runCase(one, grounds[on], { core }));
  } finally {
    remove();
  }
}

async function failing(
  wanted: readonly Case[],
  run: (one: Case) => Promise<CaseResult>,
): Promise<string[]> {
  const names: string[] = [];
  for (const one of wanted) {
    const result = await run(one);
    if (result.outcome === 'fail') names.push(one.name);
  }
  return names;
}
