import { type Case, titleOf } from './case.ts';
import { cases } from './cases/index.ts';
import type { Harness } from './harness.ts';
import { type CaseResult, runCase } from './run-case.ts';

/** One case on one transport, as machines read it. */
export interface CaseReport {
  readonly transport: string;
  readonly broker: string;
  readonly case: string;
  readonly outcome: CaseResult['outcome'];
  readonly reason?: string;
}

export interface SuiteOptions {
  /** @defaultValue every case of the suite */
  readonly cases?: readonly Case[];
  readonly onReport: (report: CaseReport, result: CaseResult) => void;
}

/** Runs the cases one after another without a test runner. Never rejects; resolves with the number of each outcome. */
export async function runSuite(
  harness: Harness,
  options: SuiteOptions,
): Promise<Readonly<Record<CaseResult['outcome'], number>>> {
  const counts = { pass: 0, fail: 0, refused: 0, 'not-run': 0 };
  for (const what of options.cases ?? cases) {
    const result = await runCase(what, harness);
    counts[result.outcome] += 1;
    options.onReport(reportOf(harness, what, result), result);
  }
  return counts;
}

function reportOf(harness: Harness, what: Case, result: CaseResult): CaseReport {
  return {
    transport: harness.name,
    broker: harness.broker,
    case: titleOf(what),
    outcome: result.outcome,
    ...(result.outcome === 'pass' ? {} : { reason: result.reason }),
  };
}
