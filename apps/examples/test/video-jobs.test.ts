import { expect, test } from 'vitest';
import { runToTheEnd } from './started-example.ts';

const complete = { videos: 24, done: 24, lost: 0 };

test('workers come and go with the backlog, and every video is encoded once', async () => {
  const { exitCode, figures } = await runToTheEnd('video-jobs');
  expect(figures).toMatchObject({ ...complete, doneAgain: 0, abandoned: 0, workersDied: 0 });
  expect(figures['workersAtMost']).toBeGreaterThan(1);
  expect(figures['workersRetired']).toBeGreaterThan(0);
  expect(figures['finishedInStop']).toBeGreaterThan(0);
  expect(exitCode).toBe(0);
}, 120_000);

test('the videos of a worker that is killed are encoded by another', async () => {
  const workers = new Set<string>();
  const { exitCode, figures } = await runToTheEnd('video-jobs', (note) => {
    const [, pid] = /^worker (\d+) encodes/.exec(note) ?? [];
    if (pid === undefined || workers.size === 2) return;
    workers.add(pid);
    if (workers.size === 2) process.kill(Number(pid), 'SIGKILL');
  });
  expect(figures).toMatchObject({ ...complete, workersDied: 1 });
  expect(figures['redelivered']).toBeGreaterThan(0);
  expect(exitCode).toBe(0);
}, 120_000);
