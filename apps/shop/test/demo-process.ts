import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** A demo that is over. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly error: string;
}

/** The demo in a process of its own, as `pnpm demo` starts it. */
export function start(...args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--conditions=intermodal:source', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[code], output, error]): Ended => ({ code: code as number | null, output, error }),
  );
  return { child, ended };
}

export function demo(...args: readonly string[]): Promise<Ended> {
  return start(...args).ended;
}

/** The whole lines of the ledger of a demo that was started with this `--state`. */
export function ledgerLines(state: string): readonly string[] {
  const path = join(state, 'ledger.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** Resolves once the ledger of a running demo has so many lines. */
export async function untilLedgerHas(count: number, state: string): Promise<void> {
  await expect
    .poll(() => ledgerLines(state).length, { timeout: 60_000, interval: 10 })
    .toBeGreaterThanOrEqual(count);
}
