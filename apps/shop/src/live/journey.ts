import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending, Interrupt } from '../finish.ts';
import { offerOf } from '../offers/index.ts';
import type { Offer } from '../offers/offer.ts';
import type { Order } from '../order.ts';
import type { Status } from '../shop.ts';
import { type LiveShop, openLiveShop } from './live-shop.ts';

export interface JourneyOptions {
  readonly offers: readonly Offer[];
  /** Ids or URLs, at least two: orders begin on the first, and go over to the next all along. */
  readonly route: readonly string[];
  readonly orders: readonly Order[];
  /** How long nothing may happen, at a swap or at the end, before what is missing counts as lost. */
  readonly patienceMs: number;
  readonly interrupt: Interrupt;
  readonly note: (text: string) => void;
  /** Told again and again how far it is. */
  readonly onStatus: (status: () => Status) => void;
}

export interface Journey {
  readonly status: Status;
  readonly ending: Ending;
  /** Whether every transport of the route claims order. */
  readonly keepsOrder: boolean;
  readonly swaps: number;
}

const lookMs = 20;

/** Places orders as fast as they go, an equal share on each transport, and swaps it under them while they do. */
export async function travel(options: JourneyOptions): Promise<Journey> {
  const { route, orders, interrupt, note } = options;
  const [first, ...others] = route.map((name) => offerOf(name, options.offers));
  if (first === undefined) throw new Error('a journey needs a transport to begin with');
  const startedAt = performance.now();
  await using shop = await openLiveShop({
    offer: first,
    make: nothing,
    patienceMs: options.patienceMs,
    note,
  });
  const names = [shop.leg.transport];
  const status = (): Status => statusOf(shop, names.join(' → '));
  options.onStatus(status);
  let keepsOrder = shop.leg.capabilities.order === 'key';
  let swaps = 0;
  const share = 2 * Math.ceil(orders.length / route.length / 2);
  // Brokers take their time to start, and orders are not to run out meanwhile.
  await Promise.all(others.map((offer) => shop.prepare(offer)));
  let given = 0;
  function give(count: number): void {
    shop.intake.add(orders.slice(given, given + count));
    given += count;
  }

  for (const offer of others) {
    if (interrupt.gently.aborted) break;
    give(share / 2);
    await shop.swap(offer, async () => {
      // The transport that is left is to have its hands full, however long the other took to open.
      give(share / 2);
      await until(() => shop.intake.waiting < share / 4 || interrupt.gently.aborted);
    });
    swaps += 1;
    names.push(shop.leg.transport);
    keepsOrder &&= shop.leg.capabilities.order === 'key';
  }
  if (!interrupt.gently.aborted) give(orders.length - given);
  await until(() => shop.intake.waiting === 0 || interrupt.gently.aborted);
  const kind = await ended(shop, options);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { status: status(), ending: { kind, seconds }, keepsOrder, swaps };
}

async function ended(
  { intake, tally }: LiveShop,
  { patienceMs, interrupt }: JourneyOptions,
): Promise<'complete' | 'interrupted' | 'gave-up'> {
  await intake.hold();
  let seen = -1;
  let changedAt = performance.now();
  for (;;) {
    const { outstanding, delivered } = tally.totals();
    if (outstanding === 0) return interrupt.gently.aborted ? 'interrupted' : 'complete';
    if (interrupt.atOnce.aborted) return 'interrupted';
    if (delivered !== seen) {
      seen = delivered;
      changedAt = performance.now();
    } else if (performance.now() - changedAt > patienceMs) return 'gave-up';
    await sleep(lookMs);
  }
}

function statusOf({ counts, meter, tally }: LiveShop, transport: string): Status {
  return {
    transport,
    orders: counts.orders,
    badLines: 0,
    retried: meter.counts.retried,
    strangers: 0,
    totals: tally.totals(),
    deliveredTo: tally.deliveredTo,
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(lookMs);
}

function nothing(): never {
  throw new Error('a journey makes no orders of its own');
}
