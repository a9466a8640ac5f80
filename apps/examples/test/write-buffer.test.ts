import { expect, test } from 'vitest';
import { runToTheEnd } from './started-example.ts';

test('a burst, a locked database and a killed writer: every confirmed row is there once', async () => {
  const { exitCode, figures } = await runToTheEnd('write-buffer');
  expect(figures).toMatchObject({
    sent: 5_000,
    confirmed: 5_000,
    rows: 5_000,
    missing: 0,
    altered: 0,
    unexpected: 0,
    bookedTwice: 0,
    valueOff: 0,
    deadLettered: 0,
    writersDied: 1,
  });
  expect(figures['failedTransactions']).toBeGreaterThan(0);
  expect(figures['repeated']).toBeGreaterThan(0);
  expect(exitCode).toBe(0);
}, 120_000);
