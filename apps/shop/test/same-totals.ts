import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { demo, type Ended } from './demo-process.ts';
import type { Place } from './place.ts';
import { orderLines } from './shop-run.ts';

// Brokers are slow where the machine is busy, and each test starts one and Node twice.
const timeout = 120_000;

/** What each stage, and the group that reads the events everywhere, has handled. */
function handledBy({ error }: Ended): readonly (string | undefined)[] {
  return ['place-order', 'charge-order', 'ship-order', 'billing'].map((reader) => {
    const [, count] = new RegExp(`^  delivered .*\\b${reader} ([\\d,]*\\d)`, 'm').exec(error) ?? [];
    return count;
  });
}

/** The same orders come to the same totals as on memory. */
export function sameTotals(places: readonly Place[]): void {
  test.each(places)(
    'on $name the same orders as on memory come to the same totals',
    async ({ orders, isOrdered, groups, start }) => {
      const folder = mkdtempSync(join(tmpdir(), 'shop-totals-'));
      const path = join(folder, 'orders.jsonl');
      writeFileSync(path, orderLines(orders));
      const onMemory = await demo('--once', '--orders', path);
      await using place = await start();
      const there = await demo('--once', '--orders', path, '--transport', place.url);
      rmSync(folder, { recursive: true });

      expect(there).toMatchObject({ code: 0 });
      const totals = JSON.parse(there.output) as Readonly<Record<string, number>>;
      const { published, delivered } = JSON.parse(onMemory.output) as Readonly<
        Record<string, number>
      >;
      expect(totals).toMatchObject({
        orders,
        published,
        delivered: groups === 'many' ? delivered : published,
        lost: 0,
        badLines: 0,
      });
      expect(handledBy(there)).toEqual(handledBy(onMemory));
      expect(handledBy(there)).not.toContain(undefined);
      expect(isOrdered ? totals['outOfOrder'] : 0).toBe(0);
    },
    timeout,
  );
}
