import { readdirSync } from 'node:fs';
import type { Bench } from './bench.ts';

const folder = new URL('./benches/', import.meta.url);

/** Names of the files of benches, without their ending. */
export function benchFiles(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort();
}

/** What the file exports as `benches`. */
export async function findBenches(file: string): Promise<readonly Bench[]> {
  const found = (await import(new URL(`${file}.ts`, folder).href)) as {
    readonly benches: readonly Bench[];
  };
  return found.benches;
}
