import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { startOwnBroker } from '../src/index.ts';
import { readRecords } from '../src/run-record.ts';
import { ownRunFolder } from './run-folder.ts';

const runs = ownRunFolder();

/**
 * Stands in for Docker, which a machine that runs these tests need not have: notes what it is asked,
 * and for `up` answers on the port that it was told to publish.
 */
const docker = `#!${process.execPath}
const { appendFileSync, writeFileSync, readFileSync, existsSync } = require('node:fs');
const { spawn } = require('node:child_process');
const [command, ...rest] = process.argv.slice(2);
const verb = command === 'compose' ? rest[rest[0] === '--file' ? 4 : 0] : command;
appendFileSync(__dirname + '/asked', verb + '\\n');
const pidFile = __dirname + '/pid';
const server = 'require("node:http").createServer((_, r) => r.end("{}")).listen(process.env.INTERMODAL_MOTO_HTTP_PORT, "127.0.0.1")';
const stop = () => { try { process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'); } catch {} };
const start = () => {
  const child = spawn(process.execPath, ['-e', server], { detached: true, stdio: 'ignore' });
  child.unref();
  writeFileSync(pidFile, String(child.pid));
};
if (existsSync(__dirname + '/broken-' + verb)) { console.error('cannot ' + verb); process.exit(1); }
if (verb === 'up') start();
if (verb === 'kill' || verb === 'down') stop();
if (verb === 'restart') { stop(); start(); }
if (verb === 'logs') console.log('what it said');
`;

let folder: string;

beforeEach(async () => {
  folder = join(runs.path, 'bin');
  await mkdir(folder);
  await writeFile(join(folder, 'docker'), docker);
  await chmod(join(folder, 'docker'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
});

async function asked(): Promise<readonly string[]> {
  return (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');
}

test('an engine that answers is used, and what it was asked is taken back', async () => {
  const broker = await startOwnBroker('moto');
  expect(broker.from).toBe('compose');
  expect(await fetch(broker.environment['INTERMODAL_MOTO_ENDPOINT']!)).toMatchObject({ ok: true });
  await broker.kill();
  await expect(fetch(broker.environment['INTERMODAL_MOTO_ENDPOINT']!)).rejects.toThrow('failed');
  await broker.restart();
  await broker.freeze();
  await broker.thaw();
  expect(await broker.logs()).toBe('what it said\n');
  const [stored] = await readRecords();
  await broker.stop();
  expect(await readFile(stored!.record.logFile, 'utf8')).toBe('what it said\n');
  expect(await readRecords()).toEqual([]);
  const verbs = ['up', 'kill', 'restart', 'pause', 'unpause', 'logs', 'logs', 'down'];
  expect(await asked()).toEqual(['version', 'info', ...verbs]);
});

test('an engine that does not answer is passed over', async () => {
  await writeFile(join(folder, 'broken-info'), '');
  await using broker = await startOwnBroker('moto');
  expect(broker.from).toBe('local');
});

test('an image that cannot be had is told, and passed over', async () => {
  await writeFile(join(folder, 'broken-up'), '');
  const told: string[] = [];
  await using broker = await startOwnBroker('moto', { progress: (line) => void told.push(line) });
  expect(broker.from).toBe('local');
  expect(told.join('\n')).toContain('moto: not by Docker Compose');
});

test('one way can be asked for', async () => {
  const only = (way: string): Promise<unknown> =>
    startOwnBroker('moto', { environment: { INTERMODAL_BROKERS_FROM: way } });
  await writeFile(join(folder, 'broken-up'), '');
  await expect(only('compose')).rejects.toThrow('cannot up');
  await expect(only('pigeon')).rejects.toThrow('compose or local, not pigeon');
  const fauxqs = startOwnBroker('fauxqs', { environment: { INTERMODAL_BROKERS_FROM: 'compose' } });
  await expect(fauxqs).rejects.toThrow('has no Compose service');
});
