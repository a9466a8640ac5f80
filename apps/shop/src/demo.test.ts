import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { demo, type Ended, start, untilLedgerHas } from '../test/demo-process.ts';
import { startPage } from '../test/page-process.ts';
import { orderLines } from '../test/shop-run.ts';

// Each test starts Node once or more, and the machine may be busy.
vi.setConfig({ testTimeout: 90_000 });

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shop-demo-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('--once', () => {
  test('ends by itself with one line of totals and exit code 0', async () => {
    const { code, output, error } = await demo('--once');
    expect(code).toBe(0);
    const totals: unknown = JSON.parse(output);
    expect(output).toBe(`${JSON.stringify(totals)}\n`);
    expect(totals).toEqual({
      transport: 'memory',
      orders: 3_000,
      badLines: 0,
      published: 18_000,
      delivered: 36_000,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
      seconds: expect.any(Number) as number,
    });
    expect(error).toContain('memory: 3,000 orders');
  });

  test('names the bad lines of a file of your own and goes on with the others', async () => {
    const path = file('orders.jsonl', `${orderLines(2)}{"orderId":7}\n\nno\n`);
    const { code, output, error } = await demo('--once', '--orders', path);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ orders: 2, badLines: 2, published: 12, lost: 0 });
    expect(error).toContain('Line 3 is skipped: orderId: expected string, received number;');
    expect(error).toContain('Line 5 is skipped: not valid JSON.');
  });

  test('of a file without any order says so by its totals', async () => {
    const { code, output } = await demo('--once', '--orders', file('none.jsonl', ''));
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ orders: 0, published: 0, delivered: 0, lost: 0 });
  });
});

test('with --state and without --once the totals are for people', async () => {
  const orders = file('orders.jsonl', orderLines(5));
  const state = join(folder, 'state');
  const { code, output, error } = await demo('--state', state, '--orders', orders);
  expect({ code, output }).toEqual({ code: 0, output: '' });
  expect(error).toMatch(/memory: 5 orders in .* s\n {2}published +30\n/);
});

test('without either it serves the page, with the orders of a file, until it is stopped', async () => {
  const path = file('orders.jsonl', `${orderLines(5)}oops\n`);
  await using page = await startPage(['--orders', path]);
  expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await (await fetch(page.url)).text()).toContain('<title>Intermodal');
  await expect
    .poll(() => firstSnapshot(page.url), { timeout: 30_000 })
    .toMatchObject({ totals: { orders: 5, badLines: 1, published: 30, delivered: 60, lost: 0 } });
  expect(await page.stop()).toBe(0);
});

async function firstSnapshot(url: string): Promise<unknown> {
  const { body } = await fetch(`${url}events`);
  let told = '';
  for await (const chunk of body ?? []) {
    told += Buffer.from(chunk).toString();
    const [, snapshot] = /event: snapshot\ndata: (.*)\n\n/.exec(told) ?? [];
    if (snapshot !== undefined) return JSON.parse(snapshot);
  }
  return undefined;
}

describe('--once --swap', () => {
  test('goes over to other transports while orders are placed, and loses and mixes nothing', async () => {
    const { code, output, error } = await demo(
      ...['--once', '--count', '1500'],
      ...['--swap', 'memory:?shards=2', '--swap', 'memory'],
    );
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual({
      transport: 'memory → memory → memory',
      orders: 1_500,
      badLines: 0,
      published: 9_000,
      delivered: 18_000,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
      seconds: expect.any(Number) as number,
    });
    expect(error).toMatch(/Memory, queues → memory, as given: .* 0 lost/);
  });

  test('to a transport that is not there ends with its reason', async () => {
    const { code, output, error } = await demo('--once', '--count', '10', '--swap', 'nowhere');
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(error).toContain("There is no transport 'nowhere' in this shop");
  });
});

test('--help lists the options', async () => {
  const { code, output } = await demo('--help');
  expect(code).toBe(0);
  for (const option of ['--transport', '--orders', '--state', '--once', '--patience', '--swap'])
    expect(output).toContain(option);
});

test.each([
  ['an unknown option', ['--nope']],
  ['an unknown transport', ['--transport', 'kafka:']],
  ['a transport that only publishes', ['--transport', 'firehose:?region=eu-west-1']],
  ['a file that is not there', ['--orders', '/nowhere/orders.jsonl']],
  ['a folder instead of a file', ['--orders', tmpdir()]],
  ['a state folder that cannot be made', ['--state', '/dev/null/state']],
])('%s is one sentence and exit code 2', async (_, args) => {
  const { code, output, error } = await demo('--once', ...args);
  expect({ code, output }).toEqual({ code: 2, output: '' });
  expect(error).toMatch(/^[^\n]+\.\n$/);
});

describe('--state', () => {
  test('gives the totals of a run that is over again, and publishes nothing', async () => {
    const args = [
      '--once',
      '--state',
      join(folder, 'state'),
      '--orders',
      file('a', orderLines(20)),
    ];
    const first = await demo(...args);
    const second = await demo(...args);
    expect([first.code, second.code]).toEqual([0, 0]);
    const withoutTime = ({ output }: Ended): string => output.replace(/"seconds".*/, '');
    expect(withoutTime(second)).toBe(withoutTime(first));
    expect(second.error).toContain('Going on from');
  });

  test('after SIGKILL counts as lost what memory held, and nothing else', async () => {
    const args = ['--once', '--state', join(folder, 'state'), '--patience', '0.5'];
    const { child, ended } = start(...args);
    await untilLedgerHas(5_000, join(folder, 'state'));
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    const { code, output } = await demo(...args);
    expect(code).toBe(1);
    const totals = JSON.parse(output) as Readonly<Record<string, number>>;
    expect(totals).toMatchObject({ orders: 3_000, badLines: 0, outOfOrder: 0 });
    expect(totals['lost']).toBeGreaterThan(0);
    expect(totals['published']).toBeGreaterThanOrEqual(3_000);
  });

  test('of another transport or of other orders is refused', async () => {
    const state = join(folder, 'state');
    await demo('--once', '--state', state, '--orders', file('a', orderLines(2)));
    const { code, error } = await demo(
      '--once',
      '--state',
      state,
      '--orders',
      file('b', orderLines(3)),
    );
    expect(code).toBe(2);
    expect(error).toContain('is of a run with other orders');
  });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s lets what was placed go through, reports it, and is exit code 130',
  async (signal) => {
    const orders = file('many.jsonl', orderLines(20_000));
    const { child, ended } = start('--once', '--orders', orders, '--state', join(folder, 'state'));
    await untilLedgerHas(2, join(folder, 'state'));
    child.kill(signal);
    const { code, output, error } = await ended;
    expect(code).toBe(130);
    const totals = JSON.parse(output) as Readonly<Record<string, number>>;
    expect(totals).toMatchObject({ lost: 0, repeated: 0, outOfOrder: 0 });
    expect(totals['orders']).toBeLessThan(20_000);
    expect(totals['delivered']).toBe(12 * (totals['orders'] ?? 0));
    expect(error).toContain('Stopping: no new orders');
    expect(error).toContain('what was placed went through');
  },
);
