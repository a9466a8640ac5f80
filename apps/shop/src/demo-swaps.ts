import type { Arguments } from './arguments.ts';
import type { Streams } from './demo.ts';
import { listenForInterrupts } from './interrupt.ts';
import { travel } from './live/journey.ts';
import { createOffers } from './offers/index.ts';
import type { Order } from './order.ts';
import type { OrdersFile } from './orders-file.ts';
import { startProgress } from './progress.ts';
import { readOrders } from './read-orders.ts';
import type { Status } from './shop.ts';
import { exitCode, type Finished, progressText, summaryLine, summaryText } from './summary.ts';
import { transportUrl } from './transport.ts';

const patienceMs = 60_000;

/** Runs the orders over one transport after another. Resolves with the exit code. */
export async function demoSwaps(
  args: Arguments,
  file: OrdersFile,
  { output, error }: Streams,
): Promise<number> {
  let describe = (): string => 'starting';
  const progress = startProgress(error, () => describe());
  const { note } = progress;
  const interrupt = listenForInterrupts(note);
  try {
    const { orders, badLines } = await readAll(file, note);
    const { status, ending, keepsOrder } = await travel({
      offers: createOffers(),
      route: [args.transport ?? transportUrl, ...args.swap],
      orders,
      patienceMs: args.patienceMs ?? patienceMs,
      interrupt,
      note,
      onStatus(now) {
        describe = () => progressText(now());
      },
    });
    const whole: Status = { ...status, badLines };
    const finished: Finished = { status: whole, ending, keepsOrder };
    note(summaryText(finished));
    output.write(`${summaryLine(finished)}\n`);
    return exitCode(finished);
  } finally {
    interrupt.stop();
    progress.stop();
  }
}

async function readAll(
  file: OrdersFile,
  note: (text: string) => void,
): Promise<{ readonly orders: readonly Order[]; readonly badLines: number }> {
  const orders: Order[] = [];
  let badLines = 0;
  for await (const line of readOrders(file.chunks())) {
    if (line.order === undefined) {
      badLines += 1;
      note(`Line ${line.line} is skipped: ${line.reason}.`);
    } else orders.push(line.order);
  }
  return { orders, badLines };
}
