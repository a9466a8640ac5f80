import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ask, errors } from './examples/pigeon-errors.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the README shows an example that is compiled', () => {
  const example = readFileSync(new URL('examples/pigeon-errors.ts', import.meta.url), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
});

test('the example tells of what its service says, and of what all services say', async () => {
  const named = (name: string): Error => Object.assign(new Error('x'), { name });
  expect(errors.mapError(named('NoSuchLoft'), 'loft').error.code).toBe('not-found');
  await expect(ask(Promise.reject(named('SlowDown')), 'loft')).rejects.toMatchObject({
    code: 'throttled',
  });
});
