import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LedgerEntry } from '../src/ledger-entry.ts';
import { demo, ledgerLines, start, untilLedgerHas } from './demo-process.ts';
import { emulatedSqs, startSqs } from './emulated-sqs.ts';
import { orderLines } from './shop-run.ts';

// Emulators are slow where the machine is busy, and what the killed process had in hand comes back when its leases end.
vi.setConfig({ testTimeout: 180_000 });

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shop-sqs-killed-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Every handling of a message by a group that was written down, the first of the two processes included. */
function handled(state: string): readonly string[] {
  return ledgerLines(state)
    .slice(1)
    .map((line) => JSON.parse(line) as LedgerEntry)
    .flatMap((entry) => (entry.type === 'handled' ? [`${entry.id} ${entry.group}`] : []));
}

test.each(emulatedSqs)(
  'killed in the middle and started again on $broker, fifo: $fifo, it loses nothing',
  async (sqs) => {
    const { orders } = sqs;
    const path = join(folder, 'orders.jsonl');
    writeFileSync(path, orderLines(orders));
    const state = join(folder, 'state');
    // The shortest lease there is, since the second process waits for it.
    await using own = await startSqs(sqs, { leaseMs: '2000' });
    const args = ['--once', '--orders', path, '--transport', own.url, '--state', state];

    const { child, ended } = start(...args);
    // Six messages of an order, each intended, confirmed and handled: at a third, all stages are at work.
    await untilLedgerHas(6 * orders, state);
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    const before = new Set(handled(state)).size;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(6 * orders);

    const { code, output, error } = await demo(...args);
    expect(error).toContain(`Going on from '${state}': ${before} deliveries were done`);
    const totals = JSON.parse(output) as Readonly<Record<string, number>>;
    const all = handled(state);
    expect(totals).toMatchObject({
      orders,
      published: 6 * orders,
      delivered: 6 * orders,
      lost: 0,
      repeated: all.length - new Set(all).size,
    });
    expect(sqs.fifo ? totals['outOfOrder'] : 0).toBe(0);
    expect(code).toBe(0);
  },
);
