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

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}

function apply(path: string, { file, search, replace }: Edit): void {
  const text = readFileSync(path, 'utf8');
  // However it is broken into lines: a formatter must not turn a defect off.
  const pattern = search.trim().split(/\s+/u).map(escaped).join('\\s*');
  const found = [...text.matchAll(new RegExp(pattern, 'gu'))];
  const [match] = found;
  if (found.length !== 1 || match === undefined) {
    const times = `${String(found.length)} times`;
    throw new Error(`this is ${times} in core's ${file}, and must be there once: ${search.trim()}`);
  }
  const end = match.index + match[0].length;
  writeFileSync(path, `${text.slice(0, match.index)}${replace}${text.slice(end)}`);
}
