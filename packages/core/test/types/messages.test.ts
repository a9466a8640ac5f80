import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const here = dirname(fileURLToPath(import.meta.url));
const compiler = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
);

const program = `
import { channel, createClient } from '${here}/../../src/index.ts';
import { deaf, exchange, fifo, queue, unknown } from '${here}/transports.ts';

const orders = channel<{ readonly id: string }>('orders');
const keyed = channel<{ readonly id: string }>('orders', { order: 'key' });
const order = { id: 'a' };

await createClient({ transport: fifo }).publish(orders, order, { delayMs: 5 });
await createClient({ transport: unknown }).publish(orders, order, { priority: 5 });
await createClient({ transport: exchange }).consume(orders, { group: 'b', leaseMs: 5 }, () => undefined);
await createClient({ transport: queue }).publish(keyed, order);
await createClient({ transport: exchange }).consume(orders, {}, () => undefined);
await createClient({ transport: deaf }).consume(orders, {}, () => undefined);
`;

const firstLine = 1 + program.split('\n').findIndex((line) => line.startsWith('await'));

/** What the compiler says, by the line it says it of, counted from the first `await`. */
const messages = new Map<number, string>();
let folder = '';

beforeAll(() => {
  // Inside the package, so that the compiler finds what the tests find, and outside of what `tsc -b` reads.
  const cache = join(here, '../../.cache');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'compiled-'));
  writeFileSync(join(folder, 'program.ts'), program);
  const config = {
    extends: join(here, '../../../../tsconfig.check.json'),
    compilerOptions: { incremental: false },
    files: ['program.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
  });
  for (const error of stdout.split(/^(?=\S+\(\d+,\d+\): )/mu)) {
    const [, line, text] = /program\.ts\((\d+),\d+\): error TS\d+: ([^]*)/u.exec(error) ?? [];
    if (line !== undefined && text !== undefined)
      messages.set(Number(line) - firstLine, text.trim());
  }
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('what the compiler says', () => {
  test.each([
    [0, 'delayMs', 'delay'],
    [1, 'priority', 'priority'],
    [2, 'leaseMs', 'lease'],
  ])('of an option that the transport cannot honour (%s, %s)', (line, option, capability) => {
    const sentence = `'${option}' needs a transport with ${capability}, and this transport has none: leave it out, or narrow with client.require({ ${capability}: true })`;
    expect(messages.get(line)).toContain(`Unsupported<"${sentence}">`);
  });

  test('of a channel in order on a transport without', () => {
    const sentence = 'this channel needs order by key, and this transport keeps none';
    expect(messages.get(3)).toContain(`Unsupported<"${sentence}">`);
  });

  test('of a group that is missing', () => {
    expect(messages.get(4)).toMatch(/Property 'group' is missing/u);
  });

  test('of consuming from a transport that only publishes', () => {
    expect(messages.get(5)).toMatch(/Property 'consume' does not exist on type 'Publisher</u);
  });

  test('nothing else is wrong', () => {
    expect([...messages.keys()].toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
