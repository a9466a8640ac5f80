import { cases, type Rule, rules } from '../../src/index.ts';
import { without } from './defects.ts';
import { isRealTime } from './grounds.ts';
import type { DefectReport } from './run.ts';

const intro = `# The suite, tested

A suite that never fails proves nothing. Here each rule of [the design](design.md) is broken on purpose, in a driver, in core
or in a codec, and the cases of that rule run; at least one of them must fail. Without a defect all cases pass on the same
grounds, in the tests of \`packages/memory\` and \`packages/conformance\`.

\`pnpm mutations\` runs every defect and writes this page; the tests of \`packages/conformance\` fail when it is out of step.
Defects are in \`packages/conformance/test/mutations\`: those in core and its codecs are edits of a copy of its source.`;

/** The page that says which case catches which defect. */
export function pageOf(reports: readonly DefectReport[]): string {
  const caught = reports.filter((report) => report.caughtBy.length > 0).length;
  const lines = [
    intro,
    '',
    `${String(caught)} of ${String(reports.length)} defects are caught.`,
    '',
  ];
  for (const rule of Object.keys(rules) as Rule[]) {
    lines.push(`## ${rule}: ${rules[rule]}`, '');
    const own = reports.filter((report) => report.rule === rule);
    if (own.length === 0) {
      lines.push(`No defect: ${without[rule] ?? 'and no reason'}.`, '');
      continue;
    }
    for (const report of own) {
      lines.push(`- **${report.defect}** (${report.in}, on ${report.on})`);
      for (const name of shown(report)) lines.push(`  - ${name}`);
      if (report.caughtBy.length === 0) lines.push('  - not caught');
    }
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/** In real time, which cases fail beside the first is a matter of moments. */
function shown({ on, caughtBy }: DefectReport): string[] {
  const names = cases.map((one) => one.name).filter((name) => caughtBy.includes(name));
  return isRealTime(on) ? names.slice(0, 1) : names;
}
