import { defects } from './defects.ts';
import { runDefect } from './run.ts';

// A process of its own: what a defect breaks may end it, or keep it busy for ever.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);

const wanted = process.argv[2];
for (const defect of defects) {
  if (wanted !== undefined && !defect.name.includes(wanted) && defect.rule !== wanted) continue;
  const since = performance.now();
  const report = await runDefect(defect);
  process.stderr.write(`${String(Math.round(performance.now() - since))} ms ${defect.name}\n`);
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
