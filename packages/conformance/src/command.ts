import { parseArgs } from 'node:util';
import { type Case, titleOf } from './case.ts';
import { cases } from './cases/index.ts';
import type { Harness } from './harness.ts';
import { type CaseReport, runSuite } from './report.ts';
import type { CaseResult } from './run-case.ts';

export interface CommandOutput {
  /** Results. */
  readonly out: (line: string) => void;
  /** Everything else. */
  readonly error: (line: string) => void;
}

const usage = `conformance [transport…] [--case <text>] [--json]
  transport      only the harnesses of that name, or whose name begins with it and a dash
  --case <text>  only cases with that rule, or with that text in their name
  --json         one JSON object a case`;

/**
 * The suite as a command: a line for each case, and the totals at the end. Resolves with the exit code: 0 when nothing
 * failed, 1 when something did, 2 when it could not be told what to run.
 */
export async function runCommand(
  argv: readonly string[],
  harnesses: readonly Harness[],
  { out, error }: CommandOutput,
): Promise<number> {
  const asked = read(argv);
  if (typeof asked === 'string') {
    error(`${asked}\n${usage}`);
    return 2;
  }
  const { names, wanted, json } = asked;
  const known = harnesses.map((harness) => harness.name).join(', ');
  const unknown = names.find((name) => !harnesses.some((harness) => isCalled(harness, name)));
  if (unknown !== undefined) {
    error(`there is no transport '${unknown}': there are ${known}`);
    return 2;
  }
  if (wanted.length === 0) {
    error('no case has that rule or that text in its name');
    return 2;
  }
  const chosen = harnesses.filter(
    (harness) => names.length === 0 || names.some((name) => isCalled(harness, name)),
  );
  let failed = 0;
  for (const harness of chosen) {
    if (!json) out(`\n${harness.name} on ${harness.broker}`);
    const counts = await runSuite(harness, {
      cases: wanted,
      onReport: (report, result) => {
        out(json ? JSON.stringify(report) : lineOf(report, result));
        if (result.outcome === 'pass') for (const note of result.notes) error(`  ${note}`);
      },
    });
    failed += counts.fail;
    error(
      `${harness.name}: ${String(counts.pass)} passed, ${String(counts.fail)} failed, ` +
        `${String(counts.refused)} refused as they must, ${String(counts['not-run'])} not run`,
    );
  }
  return failed === 0 ? 0 : 1;
}

interface Asked {
  readonly names: readonly string[];
  readonly wanted: readonly Case[];
  readonly json: boolean;
}

function read(argv: readonly string[]): Asked | string {
  try {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { case: { type: 'string' }, json: { type: 'boolean' } },
    });
    const { case: text, json = false } = values;
    const wanted = text === undefined ? cases : cases.filter((one) => matches(one, text));
    return { names: positionals, wanted, json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function matches(what: Case, text: string): boolean {
  const rules: readonly string[] = what.rules;
  return rules.includes(text) || titleOf(what).includes(text);
}

function isCalled(harness: Harness, name: string): boolean {
  return harness.name === name || harness.name.startsWith(`${name}-`);
}

function lineOf(report: CaseReport, { ms }: CaseResult): string {
  const reason = report.reason === undefined ? '' : `: ${report.reason}`;
  return `${report.outcome.padEnd(7)} ${String(ms).padStart(6)} ms  ${report.case}${reason}`;
}
