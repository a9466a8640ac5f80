import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { demo, type Ended } from './demo-process.ts';
import { emulatedSqs, startSqs } from './emulated-sqs.ts';
import { orderLines } from './shop-run.ts';

// Emulators are slow where the machine is busy, and each test starts Node twice.
vi.setConfig({ testTimeout: 120_000 });

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shop-sqs-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What each stage, and the group that reads the events everywhere, has handled. */
function handledBy({ error }: Ended): readonly (string | undefined)[] {
  return ['place-order', 'charge-order', 'ship-order', 'billing'].map((reader) => {
    const [, count] = new RegExp(`^  delivered .*\\b${reader} ([\\d,]*\\d)`, 'm').exec(error) ?? [];
    return count;
  });
}

test.each(emulatedSqs)(
  'on $broker, fifo: $fifo, the same orders as on memory come to the same totals',
  async (sqs) => {
    const { orders } = sqs;
    const path = join(folder, `${orders}.jsonl`);
    writeFileSync(path, orderLines(orders));
    const onMemory = await demo('--once', '--orders', path);
    await using own = await startSqs(sqs);
    const onSqs = await demo('--once', '--orders', path, '--transport', own.url);

    expect(onSqs).toMatchObject({ code: 0 });
    const totals = JSON.parse(onSqs.output) as Readonly<Record<string, number>>;
    const { published } = JSON.parse(onMemory.output) as Readonly<Record<string, number>>;
    expect(totals).toMatchObject({ orders, published, delivered: published, lost: 0, badLines: 0 });
    expect(handledBy(onSqs)).toEqual(handledBy(onMemory));
    expect(handledBy(onSqs)).not.toContain(undefined);
    expect(sqs.fifo ? totals['outOfOrder'] : 0).toBe(0);
  },
);
