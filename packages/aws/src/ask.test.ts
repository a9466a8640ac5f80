import { expect, test } from 'vitest';
import { createAsk } from './ask.ts';
import { createErrorMapping } from './error-mapping.ts';

const ask = createAsk(createErrorMapping({ transport: 'pigeon', rows: [] }));

test('an answer comes as it is, and a failure in our words', async () => {
  expect(await ask(Promise.resolve('coo'), 'loft')).toBe('coo');
  const cause = Object.assign(new Error('secret'), { name: 'AccessDenied' });
  await expect(ask(Promise.reject(cause), 'loft')).rejects.toMatchObject({
    code: 'permission-denied',
    address: 'loft',
    cause,
  });
});
