import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { awsClientOptions } from '@intermodal/brokers';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

test('the programs of the README compile, and the first one runs', async () => {
  const page = readFileSync(here('../README.md'), 'utf8');
  const programs = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  expect(programs).toHaveLength(6);
  mkdirSync(here('../.cache/readme'), { recursive: true });
  const files = programs.map((code, index) => {
    const file = here(`../.cache/readme/${index}.ts`);
    writeFileSync(file, code);
    return file;
  });
  const compiler = here('../../../node_modules/typescript/bin/tsc');
  const options =
    '--noEmit --ignoreConfig --strict --module nodenext --target es2023 --lib es2023,esnext.disposable,dom --types node --customConditions intermodal:source --allowImportingTsExtensions --skipLibCheck';
  await run(process.execPath, [compiler, ...options.split(' '), ...files]);
  const { endpoint } = awsClientOptions('fauxqs');
  const { stdout } = await run(
    process.execPath,
    ['--conditions=intermodal:source', files[0] ?? ''],
    {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: 'emulator',
        AWS_SECRET_ACCESS_KEY: 'emulator',
      },
      timeout: 60_000,
    },
  );
  expect(stdout).toMatch(/^(?:(?:billing|shipping) has 12\n){0,2}$/);
}, 120_000);
