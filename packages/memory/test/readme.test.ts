import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test.each(['ten-lines.ts', 'test-double.test.ts'])('the README shows %s', (name) => {
  const example = readFileSync(new URL(`examples/${name}`, import.meta.url), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
});

test('the ten lines run', async () => {
  await expect(import('./examples/ten-lines.ts')).resolves.toBeDefined();
});
