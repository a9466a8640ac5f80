import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { startBroker, startOwnBroker } from '../src/index.ts';
import { isAlive } from '../src/process-identity.ts';
import type { LocalRun } from '../src/run-record.ts';
import { ownRunFolder } from './run-folder.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const runs = ownRunFolder();

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function brokers(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

async function lines(...args: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const { out } = await brokers(...args, '--json');
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function record(): Promise<LocalRun> {
  return JSON.parse(await readFile(join(runs.path, 'fauxqs.json'), 'utf8')) as LocalRun;
}

afterEach(async () => void (await brokers('down')));

test('up, status, env, up again, down', async () => {
  const [up] = await lines('up', 'fauxqs');
  expect(up).toMatchObject({ broker: 'fauxqs', state: 'up', from: 'local' });
  const { environment, processes } = await record();
  expect(up!['environment']).toEqual(environment);

  const status = await lines('status');
  expect(status.find(({ broker }) => broker === 'fauxqs')).toMatchObject({
    state: 'up',
    environment,
  });
  expect(status.find(({ broker }) => broker === 'moto')).toMatchObject({ state: 'down' });
  const endpoint = environment['INTERMODAL_FAUXQS_ENDPOINT'];
  expect((await brokers('env')).out).toBe(`export INTERMODAL_FAUXQS_ENDPOINT='${endpoint}'\n`);

  expect(await lines('up', 'fauxqs')).toMatchObject([{ from: 'running', environment }]);
  expect((await record()).processes).toEqual(processes);

  expect(await lines('down')).toEqual([{ broker: 'fauxqs', state: 'down' }]);
  expect(await isAlive(processes[0]!)).toBe(false);
  expect(await lines('down', 'fauxqs')).toEqual([{ broker: 'fauxqs', state: 'not started here' }]);
});

test('two at once start one', async () => {
  const ups = await Promise.all([lines('up', 'fauxqs'), lines('up', 'fauxqs')]);
  expect(new Set(ups.map(([up]) => up!['from']))).toEqual(new Set(['local', 'running']));
});

test('tests take what is up and leave it so', async () => {
  await brokers('up', 'fauxqs');
  const { environment, processes } = await record();
  await using broker = await startBroker('fauxqs');
  expect(broker).toMatchObject({ from: 'running', environment });
  await broker.stop();
  expect(await isAlive(processes[0]!)).toBe(true);
  await using own = await startOwnBroker('fauxqs');
  expect(own.environment).not.toEqual(environment);
});

test('one that died is told, and replaced', async () => {
  await brokers('up', 'fauxqs');
  const { processes } = await record();
  process.kill(processes[0]!.pid, 'SIGKILL');
  await expect.poll(() => isAlive(processes[0]!)).toBe(false);
  const status = await lines('status');
  expect(status.find(({ broker }) => broker === 'fauxqs')).toMatchObject({ state: 'died' });
  expect(await lines('up', 'fauxqs')).toMatchObject([{ state: 'up', from: 'local' }]);
});

test('a number that was given to a later process is left alone', async () => {
  await brokers('up', 'fauxqs');
  const started = await record();
  const bystander = { pid: process.pid, started: 'some other time' };
  const forged = { ...started, processes: [...started.processes, bystander] };
  await writeFile(join(runs.path, 'fauxqs.json'), JSON.stringify(forged));
  expect(await lines('down')).toEqual([{ broker: 'fauxqs', state: 'down' }]);
});

test('what cannot be had fails with what to do, and the others are up', async () => {
  const { code, out, err } = await brokers('up', 'fauxqs', 'aws', 'nope');
  expect(code).toBe(1);
  expect(out).toMatch(/^fauxqs +up +http:\/\/127\.0\.0\.1:\d+ {2}\(local, [\d.]+ s\)\n$/);
  expect(err).toContain('INTERMODAL_AWS=1');
  expect(err).toContain('There is no broker named nope');
});

test('no command is an error, help is none', async () => {
  expect(await brokers()).toMatchObject({ code: 2, out: '' });
  expect(await brokers('frobnicate')).toMatchObject({ code: 2 });
  expect((await brokers('--help')).out).toContain('pnpm brokers up');
});
