import { expect, test } from 'vitest';
import { createReplays } from './replays.ts';

test('what was handled is done for as long as it counts as fresh', () => {
  const replays = createReplays(1_000, 10);
  expect(replays.begin('a', 0)).toBe('new');
  expect(replays.begin('a', 0)).toBe('running');
  replays.end('a', true, 0);
  expect(replays.begin('a', 1_000)).toBe('done');
  expect(replays.begin('a', 1_001)).toBe('new');
});

test('what failed may come again', () => {
  const replays = createReplays(1_000, 10);
  replays.begin('a', 0);
  replays.end('a', false, 0);
  expect(replays.begin('a', 0)).toBe('new');
});

test('it is bounded: of too many the oldest are forgotten', () => {
  const replays = createReplays(1_000, 2);
  for (const id of ['a', 'b', 'c']) {
    replays.begin(id, 0);
    replays.end(id, true, 0);
  }
  expect(replays.begin('a', 0)).toBe('new');
  expect(replays.begin('b', 0)).toBe('done');
  expect(replays.begin('c', 0)).toBe('done');
});
