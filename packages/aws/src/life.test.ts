import { IntermodalError } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import { createLife, endsConnection } from './life.ts';

const gone = new IntermodalError('not-found', 'gone');

test('it ends by an error that no waiting mends, and with the first', async () => {
  const life = createLife();
  life.report(new IntermodalError('throttled', 'later'));
  expect(life.over).toBe(false);
  life.report(gone);
  expect(life.over).toBe(true);
  life.report(new IntermodalError('permission-denied', 'too late'));
  life.end();
  expect(await life.dead).toBe(gone);
});

test('it ends by close without an error', async () => {
  const life = createLife();
  life.end();
  life.report(gone);
  expect(life.over).toBe(true);
  expect(await life.dead).toBeUndefined();
});

test.each([
  ['not-found', true],
  ['permission-denied', true],
  ['throttled', false],
  ['unavailable', false],
  ['rejected', false],
] as const)('%s', (code, ends) => {
  expect(endsConnection(new IntermodalError(code, code))).toBe(ends);
});
