import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LedgerEntry } from '../src/ledger-entry.ts';
import { demo, ledgerLines, start as startDemo, untilLedgerHas } from './demo-process.ts';
import type { Place } from './place.ts';
import { orderLines } from './shop-run.ts';

const timeout = 180_000;

/** Every handling of a message by a group that was written down, the first of the two processes included. */
function handled(state: string): readonly string[] {
  return ledgerLines(state)
    .slice(1)
    .map((line) => JSON.parse(line) as LedgerEntry)
    .flatMap((entry) => (entry.type === 'handled' ? [`${entry.id} ${entry.group}`] : []));
}

/** A process that is killed in the middle loses nothing: the next one goes on. */
export function losesNothingWhenKilled(places: readonly Place[]): void {
  test.each(places)(
    'killed in the middle and started again on $name, it loses nothing',
    async ({ orders, isOrdered, groups, start }) => {
      const folder = mkdtempSync(join(tmpdir(), 'shop-killed-'));
      const path = join(folder, 'orders.jsonl');
      writeFileSync(path, orderLines(orders));
      const state = join(folder, 'state');
      await using place = await start();
      const args = ['--once', '--orders', path, '--transport', place.url, '--state', state];
      const deliveries = (groups === 'many' ? 12 : 6) * orders;

      const { child, ended } = startDemo(...args);
      // Six messages of an order, each intended, confirmed and handled: at a third, all stages are at work.
      await untilLedgerHas(6 * orders, state);
      child.kill('SIGKILL');
      expect((await ended).code).toBeNull();
      const before = new Set(handled(state)).size;
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(deliveries);

      const { code, output, error } = await demo(...args);
      expect(error).toContain(`Going on from '${state}': ${before} deliveries were done`);
      const totals = JSON.parse(output) as Readonly<Record<string, number>>;
      const all = handled(state);
      rmSync(folder, { recursive: true });
      expect(totals).toMatchObject({
        orders,
        published: 6 * orders,
        delivered: deliveries,
        lost: 0,
        repeated: all.length - new Set(all).size,
      });
      expect(isOrdered ? totals['outOfOrder'] : 0).toBe(0);
      expect(code).toBe(0);
    },
    timeout,
  );
}
