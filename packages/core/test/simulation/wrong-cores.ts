import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ownSource } from './core.ts';

/** One fault put into core: in `file`, `find` stands exactly once and becomes `replace`. */
export interface Mutation {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Cores that are wrong on purpose: the simulation must find each of them. */
export const wrongCores: Readonly<Record<string, readonly Mutation[]>> = {};

export interface Copy {
  readonly folder: URL;
  remove(): void;
}

/** A copy of core's source with the mutations made, in a temporary folder. */
export function copyOfCore(mutations: readonly Mutation[]): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'wrong-core-'));
  cpSync(fileURLToPath(ownSource), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const mutation of mutations) mutate(folder, mutation);
  return {
    folder: pathToFileURL(`${folder}/`),
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mutate(folder: string, { file, find, replace }: Mutation): void {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  const count = source.split(find).length - 1;
  if (count !== 1)
    throw new Error(
      `'${find}' stands ${count} times in core's ${file}, not once: the wrong core does not fit any more`,
    );
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
}
