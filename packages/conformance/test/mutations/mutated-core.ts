import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Core } from '../../src/index.ts';
import type { Edit } from './defect.ts';

const source = fileURLToPath(new URL('../../../core/src/', import.meta.url));

/** Core with the edits made, loaded from a copy of its source; the installed one is untouched. */
export interface MutatedCore {
  readonly core: Core;
  remove(): void;
}

/** Rejects where the text of an edit is not in its file exactly once: core has changed, and the list must follow. */
export async function loadMutatedCore(edits: readonly Edit[]): Promise<MutatedCore> {
  const folder = mkdtempSync(join(tmpdir(), 'intermodal-mutant-'));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // Core imports nothing but its own files, so that a copy runs anywhere.
    cpSync(source, folder, { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    for (const edit of edits) apply(join(folder, edit.file), edit);
    const core = (await import(pathToFileURL(join(folder, 'index.ts')).href)) as Core;
    return { core, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function apply(path: string, { file, search, replace }: Edit): void {
  const text = readFileSync(path, 'utf8');
  const parts = text.split(search);
  if (parts.length !== 2) {
    const times = `${String(parts.length - 1)} times`;
    throw new Error(`this is ${times} in core's ${file}, and must be there once: ${search.trim()}`);
  }
  writeFileSync(path, parts.join(replace));
}
