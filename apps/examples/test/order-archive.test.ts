import { expect, test } from 'vitest';
import { runToTheEnd } from './started-example.ts';

test('orders are streamed to Firehose beside the queue, and all of them are found in S3', async () => {
  const { exitCode, figures } = await runToTheEnd('order-archive');
  expect(figures).toMatchObject({
    orders: 500,
    missing: 0,
    altered: 0,
    unexpected: 0,
    archivistsDied: 1,
  });
  expect(figures['repeated']).toBeGreaterThan(0);
  expect(exitCode).toBe(0);
}, 120_000);
