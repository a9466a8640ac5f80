import { expect, test } from 'vitest';
import { version } from './version.ts';

test('the wire format has a version', () => {
  expect(version).toBe(1);
});
