import { type Case, titleOf } from './case.ts';
import { cases } from './cases/index.ts';
import { defaultTimes, type Harness } from './harness.ts';
import { runCase } from './run-case.ts';

/** What a test gets from its runner; vitest and `node:test` both fit. */
export interface TestContext {
  /** Ends the test as not run, with the reason. */
  readonly skip?: (reason: string) => unknown;
}

/** The two functions of a test runner that the suite needs: those of vitest, of `node:test`, or alike. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (
    name: string,
    test: (context: TestContext) => Promise<void>,
    timeoutMs: number,
  ) => unknown;
}

export interface ConformanceOptions {
  /** @defaultValue every case of the suite */
  readonly cases?: readonly Case[];
}

/**
 * Declares a test for every case. Cases that the harness cannot run are skipped with the reason; those about something
 * that the transport does not claim prove that it is refused.
 */
export function conformance(
  { describe, it }: Runner,
  harness: Harness,
  options: ConformanceOptions = {},
): void {
  const caseMs = harness.times?.caseMs ?? defaultTimes.caseMs;
  describe(`${harness.name} on ${harness.broker}`, () => {
    for (const what of options.cases ?? cases) {
      const test = async (context: TestContext): Promise<void> => {
        const result = await runCase(what, harness);
        if (result.outcome === 'fail') throw result.error;
        if (result.outcome !== 'not-run') return;
        const reason = `not run: ${result.reason}`;
        if (context.skip === undefined) process.stderr.write(`${titleOf(what)}: ${reason}\n`);
        else context.skip(reason);
      };
      // The case has a bound of its own, which says what it waited for; the runner's is only a net.
      it(titleOf(what), test, caseMs + 30_000);
    }
  });
}
