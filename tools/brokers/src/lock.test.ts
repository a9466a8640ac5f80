import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withLock } from './lock.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'intermodal-lock-'));
  path = join(folder, 'deeper', 'a.lock');
});
afterEach(async () => rm(folder, { recursive: true }));

test('one at a time, all of them in the end', async () => {
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise(setImmediate);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(path, work)));
  expect(most).toBe(1);
  expect(await readdir(join(folder, 'deeper'))).toEqual([]);
});

test('the result comes back, and a failure releases', async () => {
  await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(path, () => Promise.resolve(1))).toBe(1);
});

test('who waits is told once for whom', async () => {
  const waiting = vi.fn<(holder: number) => void>();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let entered = (): void => {};
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const first = withLock(path, () => {
    entered();
    return held;
  });
  await inside;
  const second = withLock(path, () => Promise.resolve(), waiting);
  await vi.waitFor(() => expect(waiting).toHaveBeenCalled());
  release();
  await Promise.all([first, second]);
  expect(waiting.mock.calls).toEqual([[process.pid]]);
});

test('the lock of a process that died is taken over', async () => {
  await withLock(path, () => Promise.resolve());
  await writeFile(path, JSON.stringify({ pid: process.pid, started: 'some other time' }));
  const results = await Promise.all(
    Array.from({ length: 4 }, (_, index) => withLock(path, () => Promise.resolve(index))),
  );
  expect(results).toEqual([0, 1, 2, 3]);
  expect(await readdir(join(folder, 'deeper'))).toEqual([]);
});
