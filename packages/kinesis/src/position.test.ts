import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareSequences, formatPosition, parsePosition } from './position.ts';

test('what was formatted is parsed', () => {
  const position = { shardId: 'shardId-000000000003', sequence: '4968047309895783', sub: 7 };
  expect(parsePosition(formatPosition(position))).toEqual(position);
});

test.each(['', 'shardId-1', 'shardId-1:2', 'shardId-1:x:0', 'a:1:2:3'])('%j is none', (text) => {
  expect(parsePosition(text)).toBeUndefined();
});

test('sequence numbers compare as numbers', () => {
  const number = fc.bigInt({ min: 0n, max: 10n ** 60n });
  fc.assert(
    fc.property(number, number, (one, other) => {
      const wanted = one < other ? -1 : Number(one > other);
      expect(Math.sign(compareSequences(String(one), String(other)))).toBe(wanted);
    }),
  );
});
