import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Core, loadCore, ownSource } from './core.ts';
import { generatePlan } from './generate.ts';
import type { Mode, Plan } from './plan.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { copyOfCore, wrongCores } from './wrong-cores.ts';

const usage = `simulate [--mode pull|push|log|all] [--seeds 1000] [--first 1] [--seed N] [--plan file.json] [--shrink]
         [--wrong-core ${Object.keys(wrongCores).join('|')}] [--source folder] [--keep-going]

--seed, --plan  one run, with its trace
--shrink        a failing run is made smaller, and printed as JSON for test/simulation/regressions
--wrong-core    a copy of core with a fault put in; ends well if the fault is found
--source        core's source, if not this package's
--keep-going    all seeds, although one has failed`;

const modes: readonly Mode[] = ['pull', 'push', 'log'];

interface Finding {
  readonly mode: Mode;
  readonly seed: number;
  readonly check: string;
  readonly text: string;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fail(text: string): never {
  say(text);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 0
    ? value
    : fail(`--${name} must be a whole number, not '${text}'`);
}

function readArguments(): ReturnType<typeof parse>['values'] {
  try {
    return parse().values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

function parse() {
  return parseArgs({
    options: {
      mode: { type: 'string', default: 'all' },
      seeds: { type: 'string', default: '1000' },
      first: { type: 'string', default: '1' },
      seed: { type: 'string' },
      plan: { type: 'string' },
      shrink: { type: 'boolean', default: false },
      'wrong-core': { type: 'string' },
      source: { type: 'string' },
      'keep-going': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

function chosenModes(name: string): readonly Mode[] {
  if (name === 'all') return modes;
  return modes.includes(name as Mode) ? [name as Mode] : fail(`no mode '${name}'\n\n${usage}`);
}

async function runSeeds(
  core: Core,
  mode: Mode,
  first: number,
  count: number,
  keepGoing: boolean,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const began = performance.now();
  let events = 0;
  let handled = 0;
  let seed = first;
  for (; seed < first + count; seed += 1) {
    const result = await simulate(generatePlan(mode, seed), core, { traced: false });
    events += result.events;
    handled += result.handled;
    if (result.violation === undefined) continue;
    findings.push({ mode, seed, ...result.violation });
    if (!keepGoing) break;
  }
  const seeds = Math.min(seed, first + count - 1) - first + 1;
  const perSecond = Math.round((seeds * 1_000) / (performance.now() - began));
  say(
    `${mode}: ${seeds} seeds, ${findings.length} of them wrong; ${perSecond} seeds/s, ${Math.round(events / seeds)} events and ${Math.round(handled / seeds)} handler calls a seed`,
  );
  return findings;
}

async function replay(core: Core, plan: Plan): Promise<boolean> {
  const result = await simulate(plan, core, { traced: true });
  for (const line of result.trace) process.stdout.write(`${line}\n`);
  say(
    `${plan.mode} ${plan.seed}: ${result.events} events in ${Math.round(result.virtualMs)} ms of virtual time, trace ${result.hash.toString(16)}`,
  );
  if (result.violation !== undefined) say(`${result.violation.check}: ${result.violation.text}`);
  return result.violation === undefined;
}

async function makeSmaller(core: Core, plan: Plan): Promise<void> {
  const { violation } = await simulate(plan, core, { traced: false });
  if (violation === undefined) return;
  const small = await shrink(
    plan,
    async (candidate) =>
      (await simulate(candidate, core, { traced: false })).violation?.check === violation.check,
  );
  const { violation: left } = await simulate(small, core, { traced: false });
  process.stdout.write(
    `${JSON.stringify({ check: violation.check, text: left?.text, plan: small })}\n`,
  );
}

async function main(): Promise<number> {
  const options = readArguments();
  if (options.help) {
    say(usage);
    return 0;
  }
  const chosen = chosenModes(options.mode);
  const name = options['wrong-core'];
  const mutations =
    name === undefined
      ? undefined
      : (wrongCores[name] ?? fail(`no wrong core '${name}'\n\n${usage}`));
  const copy = mutations === undefined ? undefined : copyOfCore(mutations);
  const source =
    options.source === undefined
      ? ownSource
      : new URL(`${options.source}/`, `file://${process.cwd()}/`);
  try {
    const core = await loadCore(copy?.folder ?? source);
    if (options.plan !== undefined) {
      const file = JSON.parse(readFileSync(options.plan, 'utf8')) as Plan | { readonly plan: Plan };
      const plan = 'plan' in file ? file.plan : file;
      if (options.shrink) await makeSmaller(core, plan);
      return (await replay(core, plan)) ? 0 : 1;
    }
    if (options.seed !== undefined) {
      const seed = wholeNumber('seed', options.seed);
      const plans = chosen.map((mode) => generatePlan(mode, seed));
      if (options.shrink) {
        for (const plan of plans) await makeSmaller(core, plan);
        return 0;
      }
      const ends = [];
      for (const plan of plans) ends.push(await replay(core, plan));
      return ends.every(Boolean) ? 0 : 1;
    }
    const findings: Finding[] = [];
    for (const mode of chosen)
      findings.push(
        ...(await runSeeds(
          core,
          mode,
          wholeNumber('first', options.first),
          wholeNumber('seeds', options.seeds),
          options['keep-going'],
        )),
      );
    report(findings);
    if (options.shrink)
      for (const { mode, seed } of findings.slice(0, 1))
        await makeSmaller(core, generatePlan(mode, seed));
    if (name === undefined) return findings.length === 0 ? 0 : 1;
    say(findings.length === 0 ? `'${name}' was not found` : `'${name}' was found`);
    return findings.length === 0 ? 1 : 0;
  } finally {
    copy?.remove();
  }
}

function report(findings: readonly Finding[]): void {
  const kinds = new Map<string, Finding[]>();
  for (const finding of findings) {
    const name = `${finding.mode} ${finding.check}`;
    kinds.set(name, [...(kinds.get(name) ?? []), finding]);
  }
  for (const [name, [first, ...more]] of kinds) {
    if (first === undefined) continue;
    say(
      `\n${name}, seed ${first.seed}${
        more.length === 0
          ? ''
          : ` and ${more.length} more: ${more
              .slice(0, 10)
              .map(({ seed }) => seed)
              .join(' ')}`
      }`,
    );
    say(`  ${first.text}`);
    say(`  again: pnpm simulate --mode ${first.mode} --seed ${first.seed}; smaller: add --shrink`);
  }
}

process.exitCode = await main();
