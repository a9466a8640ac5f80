import { writeFileSync } from 'node:fs';
import { defects } from './defects.ts';
import { type DefectReport, runDefect } from './run.ts';
import { pageOf } from './table.ts';

// Runs the defects, all or those of a rule or with a text in their name, and prints a JSON object for each; `--write`
// writes the page in docs. A process of its own, since what a defect breaks may end it, or keep it busy for ever.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);

const [wanted] = process.argv.slice(2).filter((argument) => argument !== '--write');
const reports: DefectReport[] = [];
for (const defect of defects) {
  if (wanted !== undefined && !defect.name.includes(wanted) && defect.rule !== wanted) continue;
  const since = performance.now();
  const report = await runDefect(defect);
  const ms = Math.round(performance.now() - since);
  reports.push(report);
  const result = report.trouble ?? (report.caughtBy.length > 0 ? 'caught' : 'NOT CAUGHT');
  process.stderr.write(
    `${String(ms).padStart(6)} ms  ${report.rule} ${report.defect}: ${result}\n`,
  );
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
if (process.argv.includes('--write')) {
  writeFileSync(new URL('../../../../docs/mutations.md', import.meta.url), pageOf(reports));
}
process.exit(reports.every((report) => report.caughtBy.length > 0) ? 0 : 1);
