import { type Case, titleOf } from './case.ts';
import { notRunnable, unclaimed } from './claims.ts';
import { type OpenContext, openContext } from './context.ts';
import { defaultTimes, type Harness } from './harness.ts';
import { proveRefused } from './refusals.ts';
import type { Core } from './test-client.ts';

/**
 * What came of one case. `refused`: the transport does not claim what the case is about, and was seen to refuse it.
 * `not-run`: the harness lacks what the case needs, so nothing is known.
 */
export type CaseResult =
  | { readonly outcome: 'pass'; readonly ms: number; readonly notes: readonly string[] }
  | { readonly outcome: 'refused' | 'not-run'; readonly ms: number; readonly reason: string }
  | {
      readonly outcome: 'fail';
      readonly ms: number;
      readonly reason: string;
      readonly error: unknown;
    };

export interface RunOptions {
  /** Another core than the installed one: for tests of the suite itself. */
  readonly core?: Core;
}

/** Runs one case against a broker that the harness opens for it; never rejects. */
export async function runCase(
  what: Case,
  harness: Harness,
  options: RunOptions = {},
): Promise<CaseResult> {
  const since = performance.now();
  const ms = (): number => Math.round(performance.now() - since);
  try {
    const broker = await harness.open();
    const opened = openContext(harness, broker, options.core);
    const missing = unclaimed(what, opened.context.capabilities);
    if (missing !== undefined) {
      await runBounded(what, (context) => proveRefused(context, missing), harness, opened);
      const wanted = missing.wanted.map((value) => JSON.stringify(value)).join(' or ');
      return { outcome: 'refused', ms: ms(), reason: `${missing.name} is not ${wanted} here` };
    }
    const reason = notRunnable(what, harness, broker);
    if (reason !== undefined) {
      await opened.end();
      return { outcome: 'not-run', ms: ms(), reason };
    }
    await runBounded(what, what.run, harness, opened);
    return { outcome: 'pass', ms: ms(), notes: opened.notes };
  } catch (error) {
    return { outcome: 'fail', ms: ms(), reason: reasonOf(error), error };
  }
}

async function runBounded(
  what: Case,
  run: Case['run'],
  harness: Harness,
  { context, waiting, ended, end }: OpenContext,
): Promise<void> {
  const caseMs = harness.times?.caseMs ?? defaultTimes.caseMs;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const pending = waiting.pending();
      const waits = pending.length === 0 ? 'nothing that has a name' : pending.join('; ');
      reject(
        new Error(`'${titleOf(what)}' did not end within ${caseMs} ms; it waited for ${waits}`),
      );
    }, caseMs);
  });
  const unheard: unknown[] = [];
  const listen = (error: unknown): void => {
    unheard.push(error);
  };
  const runAndEnd = async (): Promise<void> => {
    try {
      await run(context);
    } catch (error) {
      const [reason] = ended;
      // What fails while things are closed after a failure would hide the reason.
      await end().catch(() => undefined);
      if (reason === undefined) throw error;
      const text = `${reasonOf(error)}; a consumer had ended: ${reasonOf(reason)}`;
      throw new Error(text, { cause: error });
    }
    await end();
    if (unheard.length > 0) {
      const text = 'a promise was rejected where nobody listens, which ends a process';
      throw new Error(`${text}: ${reasonOf(unheard[0])}`, { cause: unheard[0] });
    }
  };
  process.on('unhandledRejection', listen);
  const running = runAndEnd();
  running.catch(() => undefined);
  try {
    await Promise.race([running, tooLong]);
  } finally {
    clearTimeout(timer);
    process.off('unhandledRejection', listen);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'a value that is not an Error was thrown';
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.message}${error.name === 'IntermodalError' ? code : ''}`;
}
