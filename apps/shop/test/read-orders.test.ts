import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OrderLine, readOrders } from '../src/read-orders.ts';
import { sampleFile } from '../src/orders-file.ts';
import { sampleOrders } from '../src/sample-orders.ts';

async function read(...chunks: readonly (string | Uint8Array)[]): Promise<OrderLine[]> {
  const lines: OrderLine[] = [];
  for await (const line of readOrders(chunks.map((chunk) => Buffer.from(chunk)))) lines.push(line);
  return lines;
}

function reasons(lines: readonly OrderLine[]): readonly unknown[] {
  return lines.map((line) =>
    line.order === undefined ? [line.line, line.reason] : [line.line, line.order.orderId],
  );
}

const [first, second, third] = sampleOrders(3).map((order) => JSON.stringify(order));

describe('a bad line is named by its number and its reason', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['not JSON', `${first?.slice(0, 40)} ${first?.slice(40)}oops`, 'not valid JSON at column '],
    ['half an object', '{"orderId":', 'not valid JSON: it ends too early'],
    ['no object', '[]', 'the line: expected object, received array'],
    ['not text', Buffer.from([0x22, 0xff, 0x22]), 'not valid UTF-8'],
    ['too long', `"${'x'.repeat(300_000)}"`, 'longer than 262144 bytes'],
    [
      'a field is missing',
      first?.replace(/"customerId":"[^"]*",/, '') ?? '',
      'customerId is missing',
    ],
    [
      'a field is of another type',
      first?.replace(/"quantity":\d+/, '"quantity":"2"') ?? '',
      'items.0.quantity: expected number, received string',
    ],
    [
      'a name is blank',
      first?.replace(/"customerId":"[^"]*"/, '"customerId":" "') ?? '',
      'customerId: must be text that is not blank',
    ],
    ['no items', first?.replace(/"items":\[.*\],/, '"items":[],') ?? '', 'items: '],
  ])('%s', async (_, line, reason) => {
    const lines = await read(`${second}\n`, line, `\n${third}\n`);
    expect(reasons(lines)).toEqual([
      [1, 'o-00002'],
      [2, expect.stringContaining(reason)],
      [3, 'o-00003'],
    ]);
  });

  test('an order that was there before', async () => {
    const lines = await read(`${first}\n${second}\n${first}\n`);
    expect(reasons(lines).at(-1)).toEqual([3, 'orderId: the order is on line 1 already']);
  });

  test('the reason quotes nothing of a line that is not JSON', async () => {
    const [line] = await read('secret text\n');
    expect(JSON.stringify(line)).not.toContain('secret');
  });
});

test('blank lines count as lines and are no orders; the last needs no end, and Windows ends are fine', async () => {
  const lines = await read(`\uFEFF${first}\r\n\r\n  \n${second}`);
  expect(reasons(lines)).toEqual([
    [1, 'o-00001'],
    [4, 'o-00002'],
  ]);
});

test('each customer has a sequence of its own, which bad lines do not use up', async () => {
  const order = (orderId: string, customerId: string): string =>
    JSON.stringify({ ...sampleOrders(1)[0], orderId, customerId });
  const lines = await read([order('1', 'a'), order('2', 'b'), '{}', order('3', 'a')].join('\n'));
  expect(lines.map((line) => (line.order === undefined ? 0 : line.sequence))).toEqual([1, 1, 0, 2]);
});

test('where the chunks end makes no difference', async () => {
  const bytes = Buffer.from(`${first}\n{\n\n${second}\n${third}`);
  const whole = await read(bytes);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 6 }), async (ends) => {
      const cuts = [0, ...ends.toSorted((one, other) => one - other), bytes.length];
      const chunks = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
      expect(await read(...chunks)).toEqual(whole);
    }),
  );
});

describe('the sample', () => {
  const bytes = readFileSync(sampleFile);

  test('is what its script makes', () => {
    const lines = sampleOrders(3_000).map((order) => `${JSON.stringify(order)}\n`);
    expect(bytes.equals(Buffer.from(lines.join('')))).toBe(true);
  });

  test('is some thousands of good orders of several hundred customers in less than a megabyte', async () => {
    const lines = await read(bytes);
    const customers = lines.map((line) => line.order?.customerId);
    expect(lines.filter(({ order }) => order !== undefined)).toHaveLength(3_000);
    expect(new Set(customers).size).toBeGreaterThan(300);
    expect(bytes.length).toBeLessThan(1_000_000);
  });
});
