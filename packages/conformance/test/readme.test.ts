import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FaultName } from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('shows an example that is compiled, of at most twenty lines', () => {
  const file = new URL('examples/conformance-of-pigeon.ts', import.meta.url);
  const example = readFileSync(file, 'utf8');
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
});

it('names every fault', () => {
  const faults: Readonly<Record<FaultName, true>> = {
    cut: true,
    restart: true,
    freeze: true,
    blackhole: true,
    failEntries: true,
    refuseEntries: true,
    loseReplies: true,
    failSettlements: true,
    throttle: true,
    expireLeases: true,
    deny: true,
    reshard: true,
  };
  for (const name of Object.keys(faults)) expect(readme).toContain(`\`${name}\``);
});
