import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allChecks } from './checks.ts';
import { publishablePackages } from './packages.ts';
import { runChecks, type Totals } from './run-checks.ts';

/** Runs every check over every package that is published. */
export async function checkAll(): Promise<Totals> {
  const scratch = mkdtempSync(join(tmpdir(), 'intermodal-check-'));
  try {
    return await runChecks(allChecks(publishablePackages(), scratch));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
