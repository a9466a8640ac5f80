import { setTimeout as sleep } from 'node:timers/promises';
import type { Arguments } from './arguments.ts';
import { codeOf } from './code/code.ts';
import type { Streams } from './demo.ts';
import { listenForInterrupts } from './interrupt.ts';
import { type LiveShop, openLiveShop } from './live/live-shop.ts';
import { createNotes } from './live/notes.ts';
import { snapshotOf } from './live/snapshot-of.ts';
import { createOffers, offerOf } from './offers/index.ts';
import { watchOffers } from './offers/watch-offers.ts';
import { openOrdersFile } from './orders-file.ts';
import { createApp } from './server/app.ts';
import { loadAssets } from './server/assets.ts';
import { listen } from './server/listen.ts';
import { createOwnOrders } from './server/own-orders.ts';
import { createOrderTaker, type OrderTaker } from './server/taken-orders.ts';
import { startTicker } from './server/ticker.ts';
import { transportUrl } from './transport.ts';

/** So that something moves when the page is opened. */
const ordersPerSecond = 10;
/** Of messages that are done; an hour at full speed would fill the memory. */
const remembered = 100_000;
const loopback = '127.0.0.1';
const goodbyeMs = 5_000;

/** Serves the page until it is stopped from outside. Resolves with the exit code. @throws Refusal */
export async function servePage(args: Arguments, { output, error }: Streams): Promise<number> {
  const notes = createNotes();
  const offers = createOffers();
  const first = offerOf(args.transport ?? transportUrl, offers);
  const all = offers.includes(first) ? offers : [...offers, first];
  const own = createOwnOrders();
  const assets = await loadAssets();
  await using shop = await openLiveShop({
    offer: first,
    make: own.next,
    remembered,
    patienceMs: args.patienceMs,
    note: notes.add,
  });
  notes.add(`The shop is open, on ${first.label}.`);
  const watch = await watchOffers(all);
  const taker = createOrderTaker((orders) => {
    shop.intake.add(orders);
  });
  const ticker = startTicker(() =>
    snapshotOf({ shop, offers: watch.states, notes: notes.latest, badLines: taker.badLines }),
  );
  const boundTo = args.host ?? loopback;
  const app = createApp({
    shop,
    offers: all,
    taker,
    ticker,
    assets,
    code: (id) => codeOf(all.find((offer) => offer.id === id) ?? first),
    boundTo,
    place(count) {
      shop.intake.add(Array.from({ length: count }, own.next));
    },
    note: notes.add,
  });
  const interrupt = listenForInterrupts((text) => error.write(`${text}\n`));
  try {
    const server = await listen(app, boundTo, args.port);
    output.write(`The shop is open: ${server.url}\n`);
    if (boundTo !== loopback && boundTo !== '::1' && boundTo !== 'localhost')
      error.write('Whoever can reach this address can use the shop, and stop its broker.\n');
    if (args.orders === undefined) shop.intake.setRate(ordersPerSecond);
    else await take(args.orders, taker, notes.add);
    await aborted(interrupt.gently);
    await server.close();
    await emptied(shop, interrupt.atOnce);
    return 0;
  } finally {
    interrupt.stop();
    watch.stop();
    ticker.stop();
  }
}

async function take(path: string, taker: OrderTaker, note: (text: string) => void): Promise<void> {
  const file = await openOrdersFile(path);
  try {
    const { orders, badLines, bad } = await taker.take(file.chunks());
    for (const { line, reason } of bad) note(`Line ${line} is skipped: ${reason}.`);
    note(`'${path}': ${orders} orders, ${badLines} bad lines.`);
  } finally {
    await file.close();
  }
}

/** What was placed goes through, unless it is not waited for. */
async function emptied({ intake, faults, tally }: LiveShop, atOnce: AbortSignal): Promise<void> {
  intake.setRate(0);
  faults.heal();
  const until = performance.now() + goodbyeMs;
  await Promise.race([intake.hold(), sleep(goodbyeMs)]);
  while (tally.totals().outstanding > 0 && performance.now() < until && !atOnce.aborted)
    await sleep(50);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
