import { expect, test } from 'vitest';
import { runToTheEnd } from './started-example.ts';

test('each queue has every event of the bucket, or those that it asked for', async () => {
  const emulator = { broker: 'moto', scheme: 'sns' } as const;
  const { exitCode, figures } = await runToTheEnd('upload-fanout', undefined, emulator);
  expect(figures).toMatchObject({
    objects: 60,
    removed: 10,
    thumbnails: 40,
    search: 70,
    audit: 70,
    lost: 0,
    unwanted: 0,
  });
  // Of the groups without a filter; S3 sends it once, when it is told of the topic.
  expect(figures['testEvents']).toBe(2);
  expect(exitCode).toBe(0);
}, 120_000);
