import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const compiler = fileURLToPath(
  new URL('../../../node_modules/typescript/bin/tsc', import.meta.url),
);
const options =
  '--noEmit --ignoreConfig --strict --module nodenext --target es2023 --lib es2023,es2024.string,esnext.disposable --types node --customConditions intermodal:source --allowImportingTsExtensions --skipLibCheck';

/** The programs of the README of that package, each in a file of its own and compiled. */
export async function compiledPrograms(
  folder: URL,
  edited = (code: string): string => code,
): Promise<readonly string[]> {
  const page = readFileSync(new URL('README.md', folder), 'utf8');
  const scratch = new URL('.cache/readme/', folder);
  mkdirSync(scratch, { recursive: true });
  const files = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ''], index) => {
    const file = fileURLToPath(new URL(`${index}.ts`, scratch));
    writeFileSync(file, edited(code));
    return file;
  });
  await run(process.execPath, [compiler, ...options.split(' '), ...files]);
  return files;
}

/** What it writes to standard output. */
export async function outputOf(
  file: string | undefined,
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { stdout } = await run(process.execPath, ['--conditions=intermodal:source', file ?? ''], {
    env: { ...process.env, ...environment },
    timeout: 60_000,
  });
  return stdout;
}
