import { setTimeout as sleep } from 'node:timers/promises';
import type { Tally } from '../tally.ts';
import type { BrokerControl } from './broker-control.ts';
import type { Faults } from './faults.ts';
import type { Intake } from './intake.ts';
import type { Leg } from './leg.ts';
import type { SwapReport, SwapStep } from './snapshot.ts';

export interface SwapOptions {
  readonly from: Leg;
  readonly open: () => Promise<Leg>;
  readonly intake: Intake;
  readonly faults: Faults;
  readonly broker: BrokerControl;
  readonly tally: Tally;
  /** How long nothing may come from the old transport before what it still has counts as lost. */
  readonly patienceMs: number;
  /** Ends the wait for the old transport: the shop is closed. */
  readonly signal: AbortSignal;
  readonly redrive: () => Promise<number>;
  readonly onStep: (step: SwapStep, left?: number, toDrain?: number) => void;
  /** From here on the new leg is the one in use, and orders go there. */
  readonly use: (next: Leg) => void;
  readonly note: (text: string) => void;
}

const lookMs = 50;
/** What was moved back takes a moment to be handled. */
const redriveAgainMs = 2_000;

/**
 * Hands over from one transport to another: the new one is opened while the old one works; then no order is placed until
 * the old one has delivered all it has, dead letters included, so that no message of a customer can overtake another on the
 * way; then orders go to the new one.
 *
 * @throws what keeps the new one from opening: nothing has changed then
 */
export async function swapLegs(options: SwapOptions): Promise<SwapReport> {
  const { from, intake, onStep } = options;
  onStep('open');
  const next = await options.open();

  try {
    return await handOver(options, next);
  } catch (error) {
    intake.begin(from.channels.stages['place-order']);
    await next.close({ deadlineMs: 1_000 });
    throw error;
  }
}

async function handOver(options: SwapOptions, next: Leg): Promise<SwapReport> {
  const { from, intake, tally, onStep, note } = options;
  const heldAt = performance.now();
  onStep('hold');
  // What holds the old one up is over: it has to deliver everything now.
  options.faults.heal();
  await options.broker.restart();
  await Promise.all(from.readers.map((reader) => from.startConsumer(reader)));
  const held = intake.hold();
  const before = tally.totals();
  const redriven = await drain(options, held, before.outstanding + before.deadLettered);

  onStep('close');
  const missing = tally.writeOff(Infinity);
  if (missing > 0) note(`${missing} deliveries did not come from ${from.offer.label}: lost.`);
  const { delivered, deadLettered } = tally.totals();
  if (deadLettered > 0) note(`${deadLettered} dead letters stay behind on ${from.offer.label}.`);
  options.use(next);
  // With nothing left to come, a receive that is still open is not waited for.
  const closing = from.close({ deadlineMs: 1_000 });
  onStep('go on');
  const pauseMs = performance.now() - heldAt;
  const { released } = await closing;
  const report: SwapReport = {
    from: from.offer.label,
    to: next.offer.label,
    at: Date.now(),
    pauseMs,
    drained: delivered - before.delivered,
    redriven,
    released,
    missing,
  };
  note(
    `${report.from} → ${report.to}: ${report.drained} deliveries drained in ${Math.round(pauseMs)} ms, ${missing} lost.`,
  );
  return report;
}

/** Until everything came, or nothing comes any more. Resolves with how many dead letters were moved back. */
async function drain(
  { intake, tally, patienceMs, signal, redrive, onStep }: SwapOptions,
  held: Promise<void>,
  toDrain: number,
): Promise<number> {
  const intakeIs = { held: false };
  void held.then(() => {
    intakeIs.held = true;
  });
  let redriven = 0;
  let redrivenAt = -Infinity;
  let seen = '';
  let changedAt = performance.now();
  while (!signal.aborted) {
    const { outstanding, deadLettered, delivered, published } = tally.totals();
    if (intakeIs.held && outstanding === 0 && deadLettered === 0) return redriven;
    onStep('drain', outstanding + deadLettered, Math.max(toDrain, outstanding + deadLettered));
    if (deadLettered > 0 && performance.now() - redrivenAt > redriveAgainMs) {
      redriven += await redrive();
      redrivenAt = performance.now();
    }
    const now = `${outstanding} ${deadLettered} ${delivered} ${published}`;
    if (now !== seen) {
      seen = now;
      changedAt = performance.now();
    } else if (performance.now() - changedAt > patienceMs) {
      if (intakeIs.held) return redriven;
      // The orders in hand go to the new transport.
      intake.giveUp();
      await held;
    }
    await sleep(lookMs);
  }
  return redriven;
}
