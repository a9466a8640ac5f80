import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Check, checks } from './checks.ts';
import { type Core, loadCore, ownSource } from './core.ts';
import { generatePlan } from './generate.ts';
import type { Mode, Plan } from './plan.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { copyOfCore, type WrongCore, wrongCores } from './wrong-cores.ts';

const usage = `pnpm simulate [--mode pull|push|log|all] [--seeds 1000] [--first 1] [--keep-going] [--shrink]
              [--seed N | --plan file.json]
              [--wrong-core ${Object.keys(wrongCores).join('|')} | --source folder]

Runs seeds until one goes wrong, and says how to run it again. Standard output has traces and plans, standard error the rest.
--keep-going    all seeds, although one has gone wrong
--seed, --plan  one run, with its trace
--shrink        what goes wrong is made smaller and printed as JSON, for test/simulation/regressions
--wrong-core    a copy of core with a fault put in; exit code 0 if it is found
--source        core's source, if not this package's`;

const modes: readonly Mode[] = ['pull', 'push', 'log'];

interface Options {
  readonly modes: readonly Mode[];
  readonly first: number;
  readonly seeds: number;
  readonly seed: number | undefined;
  readonly plan: string | undefined;
  readonly keepGoing: boolean;
  readonly shrink: boolean;
  readonly wrongCore: { readonly name: string; readonly core: WrongCore } | undefined;
  readonly source: string | undefined;
}

interface Finding {
  readonly mode: Mode;
  readonly seed: number;
  readonly check: Check;
  readonly text: string;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function refuse(text: string): never {
  say(`${text}\n\n${usage}`);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 0
    ? value
    : refuse(`--${name} must be a whole number, not '${text}'`);
}

function chosenModes(name: string): readonly Mode[] {
  if (name === 'all') return modes;
  return modes.includes(name as Mode) ? [name as Mode] : refuse(`there is no mode '${name}'`);
}

function chosenCore(name: string | undefined): Options['wrongCore'] {
  if (name === undefined) return undefined;
  return { name, core: wrongCores[name] ?? refuse(`there is no wrong core '${name}'`) };
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        mode: { type: 'string', default: 'all' },
        seeds: { type: 'string', default: '1000' },
        first: { type: 'string', default: '1' },
        seed: { type: 'string' },
        plan: { type: 'string' },
        'keep-going': { type: 'boolean', default: false },
        shrink: { type: 'boolean', default: false },
        'wrong-core': { type: 'string' },
        source: { type: 'string' },
      },
    });
    return {
      modes: chosenModes(values.mode),
      first: wholeNumber('first', values.first),
      seeds: wholeNumber('seeds', values.seeds),
      seed: values.seed === undefined ? undefined : wholeNumber('seed', values.seed),
      plan: values.plan,
      keepGoing: values['keep-going'],
      shrink: values.shrink,
      wrongCore: chosenCore(values['wrong-core']),
      source: values.source,
    };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

async function runSeeds(
  core: Core,
  mode: Mode,
  { first, seeds, keepGoing }: Options,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const began = performance.now();
  let events = 0;
  let handled = 0;
  let done = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const result = await simulate(generatePlan(mode, seed), core, { traced: false });
    events += result.events;
    handled += result.handled;
    done += 1;
    if (result.violation === undefined) continue;
    findings.push({ mode, seed, ...result.violation });
    if (!keepGoing) break;
  }
  const perSecond = Math.round((done * 1_000) / (performance.now() - began));
  say(
    `${mode}: ${done} seeds, ${findings.length} of them wrong; ${perSecond} seeds/s, ${Math.round(events / done)} events and ${Math.round(handled / done)} handler calls a seed`,
  );
  return findings;
}

function report(findings: readonly Finding[]): void {
  const kinds = new Map<string, Finding[]>();
  for (const finding of findings) {
    const name = `${finding.mode} ${finding.check}`;
    kinds.set(name, [...(kinds.get(name) ?? []), finding]);
  }
  for (const [name, [first, ...more]] of kinds) {
    if (first === undefined) continue;
    const others =
      more.length === 0
        ? ''
        : ` and ${more.length} more: ${more
            .slice(0, 10)
            .map(({ seed }) => seed)
            .join(' ')}`;
    say(`\n${name}, seed ${first.seed}${others}`);
    say(`  ${first.text}`);
    say(`  rule: ${checks[first.check]}`);
    say(`  again: pnpm simulate --mode ${first.mode} --seed ${first.seed}; smaller: add --shrink`);
  }
}

async function replay(core: Core, plan: Plan): Promise<boolean> {
  const result = await simulate(plan, core, { traced: true });
  for (const line of result.trace) process.stdout.write(`${line}\n`);
  const virtualMs = Math.round(result.virtualMs);
  say(
    `${plan.mode} ${plan.seed}: ${result.events} events in ${virtualMs} ms of virtual time, trace ${result.hash.toString(16)}`,
  );
  if (result.violation !== undefined) say(`${result.violation.check}: ${result.violation.text}`);
  return result.violation === undefined;
}

/** Prints the smallest plan that violates the same check. */
async function makeSmaller(core: Core, plan: Plan): Promise<boolean> {
  const violationOf = async (candidate: Plan) =>
    (await simulate(candidate, core, { traced: false })).violation;
  const violation = await violationOf(plan);
  if (violation === undefined) return true;
  const { check } = violation;
  const small = await shrink(plan, async (one) => (await violationOf(one))?.check === check);
  const text = (await violationOf(small))?.text;
  process.stdout.write(`${JSON.stringify({ check, text, plan: small })}\n`);
  return false;
}

async function runPlans(core: Core, plans: readonly Plan[], options: Options): Promise<boolean> {
  let good = true;
  for (const plan of plans) {
    const fine = options.shrink ? await makeSmaller(core, plan) : await replay(core, plan);
    good &&= fine;
  }
  return good;
}

async function runAll(core: Core, options: Options): Promise<boolean> {
  const findings: Finding[] = [];
  for (const mode of options.modes) findings.push(...(await runSeeds(core, mode, options)));
  report(findings);
  const [first] = findings;
  if (options.shrink && first !== undefined)
    await makeSmaller(core, generatePlan(first.mode, first.seed));
  return findings.length === 0;
}

/** Seed after seed in all modes, until a check that may find this core does. */
async function findWrong(
  core: Core,
  name: string,
  wrong: WrongCore,
  options: Options,
): Promise<boolean> {
  for (let seed = options.first; seed < options.first + options.seeds; seed += 1) {
    for (const mode of options.modes) {
      const { violation } = await simulate(generatePlan(mode, seed), core, { traced: false });
      if (violation === undefined || !wrong.foundBy.includes(violation.check)) continue;
      say(
        `'${name}' was found at seed ${seed}, mode ${mode}: ${violation.check}: ${violation.text}`,
      );
      return true;
    }
  }
  say(`'${name}' was not found in ${options.seeds} seeds`);
  return false;
}

function plansOf(options: Options): readonly Plan[] | undefined {
  const { plan, seed } = options;
  if (plan !== undefined) {
    const file = JSON.parse(readFileSync(plan, 'utf8')) as Plan | { readonly plan: Plan };
    return ['plan' in file ? file.plan : file];
  }
  return seed === undefined ? undefined : options.modes.map((mode) => generatePlan(mode, seed));
}

async function main(options: Options): Promise<boolean> {
  const copy =
    options.wrongCore === undefined ? undefined : copyOfCore(options.wrongCore.core.mutations);
  const given =
    options.source === undefined
      ? ownSource
      : new URL(`${options.source}/`, `file://${process.cwd()}/`);
  try {
    const core = await loadCore(copy?.folder ?? given);
    const plans = plansOf(options);
    if (plans !== undefined) return await runPlans(core, plans, options);
    const { wrongCore } = options;
    if (wrongCore === undefined) return await runAll(core, options);
    return await findWrong(core, wrongCore.name, wrongCore.core, options);
  } finally {
    copy?.remove();
  }
}

process.exitCode = (await main(readOptions())) ? 0 : 1;
