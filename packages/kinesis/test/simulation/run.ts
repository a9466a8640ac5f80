import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

// `pnpm simulate:leases [--seeds 1000] [--first 1] [--seed 7]`: the lease engine under the core that applications
// run, against a table, a stream and processes that misbehave. Says which seeds go wrong; one alone is traced.

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const first = Number(values.seed ?? values.first);
const last = values.seed === undefined ? first + Number(values.seeds) : first + 1;
let wrong = 0;
let published = 0;
let repeats = 0;
let virtualMs = 0;
const happened: Record<string, number> = {};
for (let seed = first; seed < last; seed += 1) {
  const verdict = await simulate(
    seed,
    seed % 4 !== 0,
    values.seed === undefined ? undefined : tell,
  );
  published += verdict.published;
  repeats += verdict.repeats;
  virtualMs += verdict.virtualMs;
  for (const [name, count] of Object.entries(verdict.happened))
    happened[name] = (happened[name] ?? 0) + count;
  if (verdict.violations.length === 0) continue;
  wrong += 1;
  process.stdout.write(`seed ${seed}: ${verdict.violations.slice(0, 3).join('; ')}\n`);
}
const hours = Math.round(virtualMs / 36_000) / 100;
process.stderr.write(
  `${last - first} seeds, ${wrong} wrong; ${published} messages, ${repeats} repeats, ${hours} hours; ${JSON.stringify(happened)}\n`,
);
process.exitCode = wrong === 0 ? 0 : 1;
