import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pythonWith } from '../src/python.ts';

const run = promisify(execFile);
const module = fileURLToPath(new URL('../src/python.ts', import.meta.url));
const pinned = `six==1.17.0 \\
    --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274 \\
    --hash=sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81
`;

let cache: string;
let requirements: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'intermodal-cache-'));
  requirements = join(cache, 'requirements.txt');
  vi.stubEnv('INTERMODAL_CACHE', cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

test(
  'first calls from several processes at once make one environment',
  { timeout: 120_000 },
  async () => {
    await writeFile(requirements, pinned);
    const source = `
    const { pythonWith } = await import(${JSON.stringify(module)});
    console.log(await pythonWith('six', ${JSON.stringify(requirements)}, console.error));`;
    const calls = Array.from({ length: 3 }, () =>
      run(process.execPath, ['--input-type=module', '-e', source]),
    );
    const results = await Promise.all(calls);
    expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
    const told = results.map(({ stderr }) => stderr).join('');
    expect(told.match(/installing from PyPI/g)).toHaveLength(1);
    const interpreter = results[0]!.stdout.trim();
    expect((await run(interpreter, ['-c', 'import six; print(six.__version__)'])).stdout).toBe(
      '1.17.0\n',
    );
    expect(await readdir(join(cache, 'python'))).toHaveLength(1);
  },
);

test(
  'a package that is not the pinned one is refused, and nothing stays',
  { timeout: 120_000 },
  async () => {
    await writeFile(requirements, `six==1.17.0 --hash=sha256:${'0'.repeat(64)}\n`);
    const made = pythonWith('six', requirements, () => {});
    await expect(made).rejects.toThrow('THESE PACKAGES DO NOT MATCH THE HASHES');
    expect(await readdir(join(cache, 'python'))).toEqual([]);
  },
);
