import type { Transport } from '@intermodal/core';
import type { Arguments } from './arguments.ts';
import { listenForInterrupts } from './interrupt.ts';
import { count } from './ledger-entry.ts';
import { forgetfulLedger, type Ledger, openLedger } from './ledger.ts';
import { openOrdersFile, type OrdersFile, sampleFile } from './orders-file.ts';
import { startProgress, type Terminal } from './progress.ts';
import { eventsName, readersOn } from './shop-channels.ts';
import { createShop } from './shop.ts';
import { exitCode, type Finished, progressText, summaryLine, summaryText } from './summary.ts';
import { createTally, type Tally } from './tally.ts';
import { transportOf, transportUrl } from './transport.ts';

export interface Streams {
  /** For machines: the line of totals and nothing else. */
  readonly output: Pick<Terminal, 'write'>;
  /** For people. */
  readonly error: Terminal;
}

const patienceMs = 5_000;
const durablePatienceMs = 60_000;

/** Runs the shop until its orders are through. Resolves with the exit code. @throws Refusal; what keeps it from starting */
export async function demo(args: Arguments, { output, error }: Streams): Promise<number> {
  const transport = await transportOf(args.transport ?? transportUrl);
  const { order, durable } = transport.capabilities;
  const tally = createTally(readersOn(transport));
  await using file = await openOrdersFile(args.orders ?? sampleFile);
  await using ledger = await ledgerOf(args.state, transport, file, tally);
  const startedAt = performance.now();
  using progress = startProgress(error, () => progressText(shop.status()));
  using interrupt = listenForInterrupts(progress.note);
  for (const text of remarksOn(transport, args.state)) progress.note(text);
  const shop = createShop({
    transport,
    orders: file.chunks(),
    tally,
    ledger,
    patienceMs: args.patienceMs ?? (durable ? durablePatienceMs : patienceMs),
    interrupt,
    note: progress.note,
  });
  const ending = await shop.run();
  const seconds = (performance.now() - startedAt) / 1_000;
  const finished: Finished = {
    status: shop.status(),
    ending,
    keepsOrder: order === 'key',
    seconds,
  };
  progress.note(summaryText(finished));
  if (args.once) output.write(`${summaryLine(finished)}\n`);
  else
    progress.note(
      'That is all there is to see so far: the page that shows it live is still to come.',
    );
  return exitCode(finished);
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

/** What this run shows less of, because the transport cannot do it. */
function* remarksOn(transport: Transport, state: string | undefined): Generator<string> {
  const { name, capabilities } = transport;
  const { groups, order, duplicates, durable } = capabilities;
  if (groups !== 'many')
    yield `A channel of '${name}' has one group: '${eventsName}' is read by ${readersOn(transport)(eventsName).join()} alone.`;
  if (order === 'none')
    yield `'${name}' keeps no order: what comes out of order is counted, and is no failure.`;
  if (duplicates === 'possible')
    yield `'${name}' may repeat a message though nothing failed: repeats are counted, and done once.`;
  if (state !== undefined && !durable)
    yield `'${name}' keeps nothing once the process is gone: what was under way when it was killed will count as lost.`;
}
