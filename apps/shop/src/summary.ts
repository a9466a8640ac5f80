import type { Ending } from './finish.ts';
import { eventsName } from './shop-channels.ts';
import type { Status } from './shop.ts';

export interface Finished {
  readonly status: Status;
  readonly ending: Ending;
  readonly keepsOrder: boolean;
}

/** The totals, as one line of JSON. */
export function summaryLine({ status, ending }: Finished): string {
  const { published, delivered, lost, repeated, outOfOrder } = status.totals;
  return JSON.stringify({
    transport: status.transport,
    orders: status.orders,
    badLines: status.badLines,
    published,
    delivered,
    lost,
    repeated,
    outOfOrder,
    seconds: Math.round(ending.seconds * 1_000) / 1_000,
  });
}

const exitCodes = { complete: 0, interrupted: 130, 'gave-up': 1, failed: 1 } as const;

/**
 * 0 where everything went through, nothing was lost, and order was kept where the transport claims it; 130 where it was
 * stopped before its end and nothing is missing so far; else 1.
 */
export function exitCode({ status, ending, keepsOrder }: Finished): 0 | 1 | 130 {
  const { lost, outOfOrder, unexpected } = status.totals;
  const isGood = lost === 0 && unexpected === 0 && (outOfOrder === 0 || !keepsOrder);
  return isGood ? exitCodes[ending.kind] : 1;
}

/** The totals, for people. */
export function summaryText(finished: Finished): string {
  const { status, ending, keepsOrder } = finished;
  const { totals, transport } = status;
  const { deadLettered } = totals;
  const rows: readonly (readonly [name: string, count: number, remark: string])[] = [
    ['published', totals.published, ''],
    ['delivered', totals.delivered, readers(status)],
    ['lost', totals.lost, deadLettered === 0 ? '' : `${figure(deadLettered)} in the dead letters`],
    ['repeated', totals.repeated, ''],
    ['out of order', totals.outOfOrder, keepsOrder ? '' : `${transport} claims no order`],
    ['retried', status.retried, status.retried === 0 ? '' : 'some first charges fail on purpose'],
    ['bad lines', status.badLines, ''],
  ];
  return [
    `${transport}: ${figure(status.orders)} orders in ${ending.seconds.toFixed(1)} s`,
    ...rows.map((row) =>
      `  ${row[0].padEnd(14)}${figure(row[1]).padStart(9)}   ${row[2]}`.trimEnd(),
    ),
    ...remarks(finished),
  ].join('\n');
}

/** How far it is, on one line; what a narrow terminal cuts off comes last. */
export function progressText(status: Status): string {
  const { repeated, outOfOrder } = status.totals;
  const counts = `${figure(status.orders)} orders, ${figure(status.retried)} retried, ${figure(repeated)} repeated, ${figure(outOfOrder)} out of order`;
  return status.deliveredTo.size === 0 ? counts : `${counts}: ${readers(status)}`;
}

/** A number as people read it. */
function figure(count: number): string {
  return count.toLocaleString('en');
}

/** How far each group is, the stages first: `place-order 12, …, analytics 30`. */
function readers({ deliveredTo }: Status): string {
  const isEvents = ([reader]: readonly [string, number]): boolean =>
    reader.startsWith(`${eventsName}/`);
  return [...deliveredTo]
    .toSorted((one, other) => Number(isEvents(one)) - Number(isEvents(other)))
    .map(([reader, count]) => `${reader.slice(reader.indexOf('/') + 1)} ${figure(count)}`)
    .join(', ');
}

function* remarks({ status, ending }: Finished): Generator<string> {
  const { totals, strangers } = status;
  const { outstanding, unexpected } = totals;
  if (strangers > 0)
    yield `${figure(strangers)} messages of another run were met: their orders moved on, and count nowhere here.`;
  if (unexpected > 0)
    yield `${figure(unexpected)} deliveries were of messages that nobody published.`;
  switch (ending.kind) {
    case 'complete':
      return;
    case 'interrupted':
      yield outstanding === 0
        ? 'It was stopped before the end; what was placed went through.'
        : `It was stopped before the end; ${figure(outstanding)} deliveries were still to come.`;
      return;
    case 'gave-up':
      yield `It was given up: nothing happened any more, and ${figure(outstanding)} deliveries were still to come.`;
      return;
    case 'failed':
      yield `It could not go on: ${messageOf(ending.error)}`;
      return;
  }
}

/** As a sentence. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.endsWith('.') ? message : `${message}.`;
}
