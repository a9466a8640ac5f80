import { availableParallelism } from 'node:os';
import { Failure } from './process.ts';

export interface Check {
  readonly name: string;
  /** Names of checks that must have passed before: this one is failed without being run if one did not. */
  readonly after?: readonly string[];
  /** Throws when the check fails; what it returns is printed behind its name. */
  run(): Promise<string | void>;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

type State = 'waiting' | 'running' | 'passed' | 'failed';

function report(name: string, passed: boolean, startedAt: number, note: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    `${passed ? 'ok  ' : 'FAIL'} ${name.padEnd(28)} ${seconds.padStart(5)} s${note}\n`,
  );
}

function explain(error: unknown): void {
  const text =
    error instanceof Failure ? `${error.message}\n${error.output}` : String((error as Error).stack);
  process.stdout.write(`${text.trimEnd().replaceAll(/^/gm, '     ')}\n`);
}

/** Runs the checks, in their order and as many at once as there are cores; one line for each. */
export async function runChecks(checks: readonly Check[]): Promise<Totals> {
  const states = new Map<string, State>(checks.map(({ name }) => [name, 'waiting']));
  const is = (name: string, state: State): boolean => states.get(name) === state;

  async function execute(check: Check): Promise<void> {
    const startedAt = performance.now();
    states.set(check.name, 'running');
    try {
      const note = (await check.run()) ?? '';
      states.set(check.name, 'passed');
      report(check.name, true, startedAt, note && `  ${note}`);
    } catch (error) {
      states.set(check.name, 'failed');
      report(check.name, false, startedAt, '');
      explain(error);
    }
  }

  function next(): Check | undefined {
    for (const check of checks.filter(({ name }) => is(name, 'waiting'))) {
      const broken = check.after?.find((name) => is(name, 'failed'));
      if (broken !== undefined) {
        states.set(check.name, 'failed');
        report(check.name, false, performance.now(), `  not run, because ${broken} failed`);
      } else if ((check.after ?? []).every((name) => is(name, 'passed'))) return check;
    }
    return undefined;
  }

  const running = new Set<Promise<void>>();
  for (;;) {
    const check = running.size < availableParallelism() ? next() : undefined;
    if (check !== undefined) {
      const task = execute(check).finally(() => running.delete(task));
      running.add(task);
    } else if (running.size > 0) await Promise.race(running);
    else break;
  }

  const passed = checks.filter(({ name }) => is(name, 'passed')).length;
  return { passed, failed: checks.length - passed };
}
