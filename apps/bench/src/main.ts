import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { benchFiles, findBenches } from './find-benches.ts';
import { aims, table } from './report.ts';
import { runRounds } from './run-rounds.ts';

const usage = `pnpm bench [name…] [--json] [--rounds <n>] [--messages <n>] [--contender <name>]…

Benches: ${benchFiles().join(', ')}. A name is a file of benches or one bench in it; without a name all are run.
`;

interface Chosen {
  readonly file: string;
  readonly bench: Bench;
}

class UsageError extends Error {}

async function choose(names: readonly string[]): Promise<readonly Chosen[]> {
  const all: Chosen[] = [];
  for (const file of benchFiles())
    for (const bench of await findBenches(file)) all.push({ file, bench });
  for (const name of names) {
    if (!all.some(({ file, bench }) => file === name || bench.name === name))
      throw new UsageError(`there is no bench '${name}'`);
  }
  return names.length === 0
    ? all
    : all.filter(({ file, bench }) => names.includes(file) || names.includes(bench.name));
}

function count(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value.replaceAll(/[,_]/g, ''));
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`--${name} must be a whole number from 1, not '${value}'`);
}

function only(bench: Bench, contenders: readonly string[]): Bench {
  if (contenders.length === 0) return bench;
  return { ...bench, contenders: bench.contenders.filter(({ name }) => contenders.includes(name)) };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      messages: { type: 'string' },
      contender: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const rounds = count('rounds', values.rounds);
  const messages = count('messages', values.messages);
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  for (const { file, bench: whole } of await choose(positionals)) {
    const bench = only(whole, values.contender);
    if (bench.contenders.length === 0) continue;
    const results = await runRounds(bench, {
      file,
      rounds: rounds ?? bench.rounds ?? 5,
      messages: messages ?? bench.messages,
      progress,
    });
    if (values.json)
      for (const result of results) process.stdout.write(`${JSON.stringify(result)}\n`);
    else process.stdout.write(`\n${table(bench, results)}\n`);
    const reached = aims(bench, results).join('\n');
    if (reached !== '') (values.json ? process.stderr : process.stdout).write(`${reached}\n`);
  }
}

try {
  await main();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const wrongUse =
    error instanceof UsageError ||
    (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  process.stderr.write(wrongUse ? `${text}\n\n${usage}` : `${text}\n`);
  process.exitCode = wrongUse ? 2 : 1;
}
