import type { Transport } from '@intermodal/core';
import type { Arguments } from './arguments.ts';
import { listenForInterrupts } from './interrupt.ts';
import { count } from './ledger-entry.ts';
import { forgetfulLedger, type Ledger, openLedger } from './ledger.ts';
import { demoSwaps } from './demo-swaps.ts';
import { createOffers, offerOf } from './offers/index.ts';
import { madeOrders, openOrdersFile, type OrdersFile, sampleFile } from './orders-file.ts';
import { startProgress, type Terminal } from './progress.ts';
import { readersOn } from './shop-channels.ts';
import { remarksOn, remarksOnState } from './remarks.ts';
import { createShop } from './shop.ts';
import { exitCode, type Finished, progressText, summaryLine, summaryText } from './summary.ts';
import { createTally, type Tally } from './tally.ts';
import { transportUrl } from './transport.ts';

export interface Streams {
  /** For machines: the line of totals and nothing else. */
  readonly output: Pick<Terminal, 'write'>;
  /** For people. */
  readonly error: Terminal;
}

const shortPatienceMs = 5_000;
const durablePatienceMs = 60_000;

/**
 * Runs the shop until its orders are through. Resolves with the exit code.
 *
 * @throws Refusal; what keeps the shop from starting
 */
export async function demo(args: Arguments, streams: Streams): Promise<number> {
  const file = await ordersOf(args);
  try {
    if (args.swap.length > 0) return await demoSwaps(args, file, streams);
    await using station = await offerOf(args.transport ?? transportUrl, createOffers()).start();
    return await demoOn(await station.open(), args, file, streams);
  } finally {
    await file.close();
  }
}

function ordersOf({ orders, count }: Arguments): Promise<OrdersFile> {
  return count === undefined
    ? openOrdersFile(orders ?? sampleFile)
    : Promise.resolve(madeOrders(count));
}

async function demoOn(
  transport: Transport,
  args: Arguments,
  file: OrdersFile,
  streams: Streams,
): Promise<number> {
  const tally = createTally(readersOn(transport));
  const ledger = await ledgerOf(args.state, transport, file, tally);
  try {
    return await runToTheEnd(args, { transport, tally, file, ledger }, streams);
  } finally {
    await ledger.close();
  }
}

interface Parts {
  readonly transport: Transport;
  readonly tally: Tally;
  readonly file: OrdersFile;
  readonly ledger: Ledger;
}

async function runToTheEnd(
  { patienceMs, state, once }: Arguments,
  { transport, tally, file, ledger }: Parts,
  { output, error }: Streams,
): Promise<number> {
  const { order, durable } = transport.capabilities;
  const progress = startProgress(error, () => progressText(shop.status()));
  const { note } = progress;
  const interrupt = listenForInterrupts(note);
  for (const text of remarksOn(transport)) note(text);
  for (const text of remarksOnState(state, durable, tally)) note(text);
  const shop = createShop({
    transport,
    orders: file.chunks(),
    tally,
    ledger,
    patienceMs: patienceMs ?? (durable ? durablePatienceMs : shortPatienceMs),
    interrupt,
    note,
  });
  try {
    const ending = await shop.run();
    const finished: Finished = { status: shop.status(), ending, keepsOrder: order === 'key' };
    note(summaryText(finished));
    if (once) output.write(`${summaryLine(finished)}\n`);
    return exitCode(finished);
  } finally {
    interrupt.stop();
    progress.stop();
  }
}

async function ledgerOf(
  folder: string | undefined,
  { name }: Transport,
  file: OrdersFile,
  tally: Tally,
): Promise<Ledger> {
  if (folder === undefined) return forgetfulLedger();
  const orders = await file.digest();
  return openLedger({
    folder,
    transport: name,
    orders,
    replay(entry) {
      count(tally, entry);
    },
  });
}
