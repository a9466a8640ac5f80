import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isThere } from './is-there.ts';
import { withoutServices } from './no-services.ts';

let folder: string;
let policy: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'intermodal-policy-'));
  policy = join(folder, 'policy-rc.d');
});
afterEach(async () => rm(folder, { recursive: true }));

async function answer(file: string): Promise<number> {
  return new Promise((resolve) => {
    execFile('sh', [file, 'rabbitmq-server', 'start'], (error) => {
      resolve(error ? Number(error.code) : 0);
    });
  });
}

test('services are forbidden meanwhile, and no longer', async () => {
  expect(await withoutServices(async () => answer(policy), policy)).toBe(101);
  expect(await isThere(policy)).toBe(false);
});

test('what a process left behind that died forbids nothing', async () => {
  const script = await withoutServices(async () => readFile(policy, 'utf8'), policy);
  const left = join(folder, 'left');
  await writeFile(left, script.replace(String(process.pid), '999999999'));
  expect(await answer(left)).toBe(0);
});

test('a policy that is there stays as it is', async () => {
  await writeFile(policy, 'exit 7\n');
  expect(await withoutServices(async () => answer(policy), policy)).toBe(7);
  expect(await readFile(policy, 'utf8')).toBe('exit 7\n');
});
