import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkAll } from './check-all.ts';
import { root } from './places.ts';
import { show } from './process.ts';
import type { Totals } from './run-checks.ts';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

interface TestTotals extends Totals {
  readonly skipped: number;
}

/** Runs every test; a run that fails in any other way than by a test counts as one failure. */
async function testAll(): Promise<TestTotals> {
  const file = join(root, '.cache/tests.json');
  rmSync(file, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const exitCode = await show(process.execPath, [vitest, 'run', ...reporters]);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };

  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const broken = exitCode !== 0 || report.numPassedTests === 0;
  return {
    passed: report.numPassedTests,
    failed: Math.max(report.numFailedTests, broken ? 1 : 0),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

const checks = await checkAll();
const tests = await testAll();
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed;
const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : '';

process.stdout.write(`\n${passed} passed, ${failed} failed${skipped}\n`);
process.exitCode = failed === 0 ? 0 : 1;
