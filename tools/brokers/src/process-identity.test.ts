import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { endProcess, identify, isAlive, killProcess, signalProcess } from './process-identity.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that says a line and then waits. */
async function startChild(script = ''): Promise<{ child: ChildProcess; pid: number }> {
  const source = `${script}; console.log('up'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return { child, pid: child.pid ?? 0 };
}

test('a process keeps its identity, and another has another', async () => {
  const first = await startChild();
  const second = await startChild();
  expect(await identify(first.pid)).toEqual(await identify(first.pid));
  expect(await identify(first.pid)).not.toEqual(await identify(second.pid));
});

test('a number that was given to a later process is left alone', async () => {
  const { child, pid } = await startChild();
  const earlier = { pid, started: 'some other time' };
  expect(await isAlive(earlier)).toBe(false);
  expect(await signalProcess(earlier, 'SIGKILL')).toBe(false);
  await endProcess(earlier);
  await killProcess(earlier);
  expect(child.exitCode ?? child.signalCode).toBeNull();
});

test('a process that ended has no identity, reaped or not', async () => {
  const { child, pid } = await startChild();
  const identity = (await identify(pid))!;
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await identify(pid)).toBeUndefined();
  expect(await isAlive(identity)).toBe(false);
});

test('ending asks first', async () => {
  const { child, pid } = await startChild(`process.on('SIGTERM', () => process.exit(7))`);
  const exit = once(child, 'exit');
  await endProcess((await identify(pid))!);
  expect(await exit).toEqual([7, null]);
});

test('ending makes a process go that does not listen', async () => {
  const { child, pid } = await startChild(`process.on('SIGTERM', () => {})`);
  const exit = once(child, 'exit');
  await endProcess((await identify(pid))!, 50);
  expect(await exit).toEqual([null, 'SIGKILL']);
});

test('ending wakes a process that was stopped', async () => {
  const { child, pid } = await startChild(`process.on('SIGTERM', () => process.exit(7))`);
  const identity = (await identify(pid))!;
  await signalProcess(identity, 'SIGSTOP');
  const exit = once(child, 'exit');
  await endProcess(identity);
  expect(await exit).toEqual([7, null]);
});
