import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '@intermodal/core';
import { createMemoryBroker, type MemoryBroker, memoryTransport } from '@intermodal/memory';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { count } from '../src/ledger-entry.ts';
import { type Ledger, openLedger } from '../src/ledger.ts';
import { readersOn } from '../src/shop-channels.ts';
import { createTally, type Tally } from '../src/tally.ts';
import { withoutOrder } from './changed-transport.ts';
import { quiet, runShop, type ShopRun } from './shop-run.ts';

interface Death {
  /** It dies at this call of the ledger. */
  readonly atAppend: number;
  /** Just before the line is on disk, or just after. */
  readonly when: 'before' | 'after';
}

interface Life {
  readonly broker: MemoryBroker;
  readonly folder: string;
  readonly change: (transport: Transport) => Transport;
}

/** From its death on, nothing is written any more, and nobody who waits for it goes on. */
function mortal(ledger: Ledger, { atAppend, when }: Death, die: () => void): Ledger {
  const never = new Promise<void>(() => undefined);
  let appends = 0;
  return {
    ...ledger,
    async append(entries) {
      appends += 1;
      if (appends < atAppend) return ledger.append(entries);
      if (appends === atAppend) {
        if (when === 'after') await ledger.append(entries);
        die();
      }
      return never;
    },
  };
}

async function ledgerIn(folder: string, tally: Tally): Promise<Ledger> {
  return openLedger({
    folder,
    transport: 'memory',
    orders: 'sha256:1',
    replay(entry) {
      count(tally, entry);
    },
  });
}

/** A process that is killed: its connections end, and whatever it still wants to do comes to nothing. */
async function killed({ broker, folder, change }: Life, death: Death): Promise<void> {
  const transport = change(memoryTransport({ broker }));
  const tally = createTally(readersOn(transport));
  const ledger = await ledgerIn(folder, tally);
  const { gently, atOnce } = quiet();
  await new Promise<void>((resolve) => {
    function die(): void {
      void transport.close();
      atOnce.abort();
      resolve();
    }
    void runShop(transport, {
      tally,
      ledger: mortal(ledger, death, die),
      interrupt: { gently: gently.signal, atOnce: atOnce.signal },
    }).then(() => {
      resolve();
    });
  });
  await ledger.close();
}

async function survivor({ broker, folder, change }: Life): Promise<ShopRun> {
  const transport = change(memoryTransport({ broker }));
  const tally = createTally(readersOn(transport));
  const ledger = await ledgerIn(folder, tally);
  const run = await runShop(transport, { tally, ledger, patienceMs: 3_000 });
  await ledger.close();
  return run;
}

async function afterDeaths(
  deaths: readonly Death[],
  change: (transport: Transport) => Transport,
): Promise<ShopRun> {
  const folder = mkdtempSync(join(tmpdir(), 'shop-crash-'));
  try {
    const life: Life = { broker: createMemoryBroker(), folder, change };
    for (const death of deaths) await killed(life, death);
    const run = await survivor(life);
    const again = await survivor(life);
    // A repeat may still have been on its way when the run was over.
    const { repeated } = again.totals;
    expect(repeated).toBeGreaterThanOrEqual(run.totals.repeated);
    expect(again.totals).toEqual({ ...run.totals, repeated });
    return run;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const death: fc.Arbitrary<Death> = fc.record({
  // The first few are about placing the orders, and all others about handling them.
  atAppend: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 1_300 })),
  when: fc.constantFrom('before', 'after'),
});

test('killed anywhere and started again, nothing is lost and each customer stays in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(death, { minLength: 1, maxLength: 3 }), async (deaths) => {
      const { ending, totals, orders } = await afterDeaths(deaths, (transport) => transport);
      expect(ending.kind).toBe('complete');
      expect(orders).toBe(60);
      expect(totals).toEqual({
        published: 360,
        delivered: 720,
        lost: 0,
        outOfOrder: 0,
        repeated: totals.repeated,
        deadLettered: 0,
        unexpected: 0,
        outstanding: 0,
      });
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 60_000);

test('so over a transport with one group and without order', async () => {
  await fc.assert(
    fc.asyncProperty(death, async (only) => {
      const { ending, totals } = await afterDeaths([only], withoutOrder);
      expect(ending.kind).toBe('complete');
      expect(totals).toMatchObject({ published: 360, delivered: 360, lost: 0, unexpected: 0 });
    }),
    { numRuns: 10, endOnFailure: true },
  );
}, 60_000);
