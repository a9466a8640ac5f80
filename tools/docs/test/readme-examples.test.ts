import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '@intermodal/checks/places';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const scratch = join(root, 'tools/docs/.cache/readme');

/** The blocks of a page that are whole programs. */
function programsOf(page: string): string[] {
  const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, code = '']) => code).filter((code) => code.startsWith('import '));
}

test.each(['README.md', 'packages/core/README.md'])(
  'the programs of %s compile and run',
  async (page) => {
    mkdirSync(scratch, { recursive: true });
    const programs = programsOf(page);
    expect(programs).not.toHaveLength(0);
    const files = programs.map((code, index) => {
      const file = join(scratch, `${page.replaceAll(/\W/g, '-')}-${index}.ts`);
      writeFileSync(file, code);
      return file;
    });
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const options =
      '--noEmit --ignoreConfig --strict --module nodenext --target es2023 --lib es2023,es2024.string,esnext.disposable --types node --customConditions intermodal:source --allowImportingTsExtensions --skipLibCheck';
    await run(process.execPath, [compiler, ...options.split(' '), ...files], { cwd: scratch });
    for (const file of files) {
      await run(process.execPath, ['--conditions=intermodal:source', file], {
        cwd: scratch,
        timeout: 20_000,
      });
    }
  },
  60_000,
);
