import { expect, test } from 'vitest';
import { startChild } from '../src/processes.ts';

test('another process that says more than is read waits, and does not die of it', async () => {
  const child = startChild({
    role: 'publish',
    name: 'p',
    from: 0,
    program: { module: new URL('memory-program.ts', import.meta.url).href, argument: '' },
    channel: 'orders',
    order: 'none',
    group: 'billing',
    options: {},
  });
  await expect.poll(() => child.words.length, { timeout: 10_000 }).toBeGreaterThan(0);
  // Nothing of it is read meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  const before = child.words.length;
  await expect.poll(() => child.words.length, { timeout: 10_000 }).toBeGreaterThan(before + 1_000);
  expect(child.complaint()).toBe('');
  await child.kill();
});
