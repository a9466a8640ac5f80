import { expect, test } from 'vitest';
import { messageId } from './message-id.ts';

test('ids are random UUIDs of version 4, none twice', () => {
  const ids = Array.from({ length: 20_000 }, messageId);
  expect(new Set(ids).size).toBe(ids.length);
  const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(ids.filter((id) => !pattern.test(id))).toEqual([]);
});

test('every digit that is free takes every value', () => {
  const ids = Array.from({ length: 5_000 }, messageId);
  const seen = Array.from({ length: 36 }, (_, place) => new Set(ids.map((id) => id[place])).size);
  const expected = Array.from('xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx', (kind) => {
    if (kind === 'x') return 16;
    return kind === 'y' ? 4 : 1;
  });
  expect(seen).toEqual(expected);
});
