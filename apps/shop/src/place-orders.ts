import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '@intermodal/core';
import { type Outgoing, stepMessage } from './messages.ts';
import type { OrderStep } from './order.ts';
import type { OrderLine } from './read-orders.ts';
import type { RunRecord } from './record.ts';
import type { ShopChannel } from './shop-channels.ts';

export interface PlaceOptions {
  readonly lines: AsyncIterable<OrderLine>;
  readonly channel: ShopChannel<OrderStep>;
  readonly record: RunRecord;
  /** Ends it after the orders that are being published. */
  readonly signal: AbortSignal;
  /** So many more orders are with the transport. */
  readonly onPlaced: (count: number) => void;
  readonly onBadLine: (line: number, reason: string) => void;
  readonly note: (text: string) => void;
}

export const ordersAtOnce = 100;
const pauseMs = 500;
/** The transport was not there, or did not say: the same message may well go through later. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'throttled',
  'timeout',
  'unavailable',
  'unknown',
  'unknown-outcome',
]);

/**
 * Publishes each order once, in the order of the file; those of an earlier process that were confirmed are left out.
 *
 * @throws what the transport says where trying again cannot help
 */
export async function placeOrders(options: PlaceOptions): Promise<void> {
  const { record, signal } = options;
  let batch: Outgoing<OrderStep>[] = [];
  for await (const line of options.lines) {
    if (signal.aborted) return;
    if (line.order === undefined) {
      options.onBadLine(line.line, line.reason);
      continue;
    }
    const { order, sequence } = line;
    batch.push(stepMessage('place-order', { run: record.run, sequence, order }));
    if (batch.length < ordersAtOnce) continue;
    await place(batch);
    batch = [];
  }
  if (!signal.aborted) await place(batch);

  async function place(orders: readonly Outgoing<OrderStep>[]): Promise<void> {
    const left = await placeBatch(orders, options);
    if (left.length === 0) options.onPlaced(orders.length);
  }
}

/**
 * Publishes orders until the transport has taken all that it had not before, or the signal ends it. Resolves with those
 * that nobody knows to be with the transport.
 *
 * @throws what the transport says where trying again cannot help
 */
export async function placeBatch(
  orders: readonly Outgoing<OrderStep>[],
  { record, channel, signal, note }: Pick<PlaceOptions, 'record' | 'channel' | 'signal' | 'note'>,
): Promise<readonly Outgoing<OrderStep>[]> {
  await record.intend(orders.map(({ message }) => message));
  let left: readonly Outgoing<OrderStep>[] = orders.filter(
    ({ message }) => !record.isPublished(message.id),
  );
  while (left.length > 0) {
    left = await publish(left);
    if (left.length === 0 || signal.aborted) break;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return left;

  /** What is left to be published again, with the same ids. */
  async function publish(
    some: readonly Outgoing<OrderStep>[],
  ): Promise<readonly Outgoing<OrderStep>[]> {
    const outcomes = await channel.publishMany(
      some.map(({ message, body }) => ({ body, id: message.id, key: message.customer })),
    );
    record.confirm(outcomes.filter(({ ok }) => ok).map(({ id }) => id));
    const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
    for (const error of failures) if (!passing.has(error.code)) throw error;
    const [first] = failures;
    if (first !== undefined)
      note(`${failures.length} orders are published again: ${first.message}.`);
    return some.filter((_, index) => outcomes[index]?.ok !== true);
  }
}
