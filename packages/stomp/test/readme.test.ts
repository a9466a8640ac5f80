import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { serverOf, stopServer } from './broker.ts';

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

afterAll(() => stopServer('activemq'));

test('the programs of the README compile, and the first one runs', async () => {
  const { hosts, credentials } = (await serverOf('activemq')).options;
  const known = `hosts: ${JSON.stringify(hosts)}, credentials: ${JSON.stringify(credentials)}`;
  const page = readFileSync(here('../README.md'), 'utf8');
  const programs = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  expect(programs).toHaveLength(2);
  mkdirSync(here('../.cache/readme'), { recursive: true });
  const files = programs.map((code, index) => {
    const file = here(`../.cache/readme/${index}.ts`);
    writeFileSync(file, code.replace("hosts: [{ host: 'localhost' }]", known));
    return file;
  });
  const compiler = here('../../../node_modules/typescript/bin/tsc');
  const options =
    '--noEmit --ignoreConfig --strict --module nodenext --target es2023 --types node --customConditions intermodal:source --allowImportingTsExtensions --skipLibCheck';
  await run(process.execPath, [compiler, ...options.split(' '), ...files]);
  const program = ['--conditions=intermodal:source', files[0] ?? ''];
  const { stdout } = await run(process.execPath, program, { timeout: 60_000 });
  expect(stdout).toBe('');
}, 120_000);
