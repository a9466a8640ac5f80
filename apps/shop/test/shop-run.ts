import type { Transport } from '@intermodal/core';
import type { Ending } from '../src/finish.ts';
import { forgetfulLedger, type Ledger } from '../src/ledger.ts';
import { sampleOrders } from '../src/sample-orders.ts';
import { readersOn } from '../src/shop-channels.ts';
import { createShop, type ShopOptions, type Status } from '../src/shop.ts';
import { createTally } from '../src/tally.ts';

export interface ShopRun extends Status {
  readonly ending: Ending;
  readonly notes: readonly string[];
}

export function orderLines(count: number): string {
  return sampleOrders(count)
    .map((order) => `${JSON.stringify(order)}\n`)
    .join('');
}

export function quiet(): { readonly gently: AbortController; readonly atOnce: AbortController } {
  return { gently: new AbortController(), atOnce: new AbortController() };
}

/** One run of the shop within this process. */
export async function runShop(
  transport: Transport,
  options: Partial<ShopOptions> & { readonly ledger?: Ledger } = {},
): Promise<ShopRun> {
  const notes: string[] = [];
  const { gently, atOnce } = quiet();
  const shop = createShop({
    transport,
    orders: [Buffer.from(orderLines(60))],
    tally: createTally(readersOn(transport)),
    ledger: forgetfulLedger(),
    patienceMs: 10_000,
    interrupt: { gently: gently.signal, atOnce: atOnce.signal },
    note: (text) => notes.push(text),
    ...options,
  });
  const ending = await shop.run();
  return { ...shop.status(), ending, notes };
}
