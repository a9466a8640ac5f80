import { setTimeout as sleep } from 'node:timers/promises';
import { type Outgoing, stepMessage } from '../messages.ts';
import type { Order, OrderStep } from '../order.ts';
import { ordersAtOnce, placeBatch } from '../place-orders.ts';
import type { RunRecord } from '../record.ts';
import type { ShopChannel } from '../shop-channels.ts';

export interface IntakeOptions {
  readonly record: RunRecord;
  /** Orders of the shop's own, one after the other. */
  readonly make: () => Order;
  /** How many more orders may be under way now. */
  readonly room: () => number;
  readonly onPlaced: (orders: number) => void;
  readonly note: (text: string) => void;
  /** The transport refused orders; they are tried again. */
  readonly onFailed: (error: unknown) => void;
}

/** Where orders come in: places them on one channel after another, each customer's in their order. */
export interface Intake {
  /** Orders of the shop's own, so many a second. */
  setRate(ordersPerSecond: number): void;
  readonly ordersPerSecond: number;
  /** Orders that are placed as soon as there is room. */
  add(orders: readonly Order[]): void;
  /** Taken in, and not yet with a transport. */
  readonly waiting: number;
  /** From now on orders go there. */
  begin(channel: ShopChannel<OrderStep>): void;
  /** Resolves when no order is being placed any more. What could not be placed so far waits for `begin`. */
  hold(): Promise<void>;
  /** Ends the tries to place what the transport does not take; it is placed elsewhere, with the same ids. */
  giveUp(): void;
}

const tickMs = 50;
const pauseMs = 1_000;
/** Where orders cannot keep up with their rate, what was missed for longer than this is not made up for. */
const longestDebtMs = 500;

export function createIntake(options: IntakeOptions): Intake {
  const { record, make, room, onPlaced, note, onFailed } = options;
  const sequences = new Map<string, number>();
  let queue: Order[] = [];
  let unplaced: readonly Outgoing<OrderStep>[] = [];
  let inHand = 0;
  let ordersPerSecond = 0;
  let due = 0;
  let lastAt = performance.now();
  let life: { readonly holding: AbortController; readonly givingUp: AbortController } | undefined;
  let running: Promise<void> = Promise.resolve();

  function outgoing(order: Order): Outgoing<OrderStep> {
    const sequence = (sequences.get(order.customerId) ?? 0) + 1;
    sequences.set(order.customerId, sequence);
    return stepMessage('place-order', { run: record.run, sequence, order });
  }

  /** What is to be placed now: what was not placed before comes first, so that each customer stays in order. */
  function take(): readonly Outgoing<OrderStep>[] {
    const now = performance.now();
    due += (Math.min(now - lastAt, longestDebtMs) / 1_000) * ordersPerSecond;
    lastAt = now;
    if (unplaced.length > 0) {
      const again = unplaced;
      unplaced = [];
      return again;
    }
    const places = Math.min(ordersAtOnce, room());
    const given = queue.splice(0, Math.max(places, 0));
    const own = Math.max(0, Math.min(places - given.length, Math.floor(due)));
    // What there was no room for is not made up for later.
    due = own < Math.floor(due) ? 0 : due - own;
    return [...given, ...Array.from({ length: own }, make)].map(outgoing);
  }

  async function run(
    channel: ShopChannel<OrderStep>,
    holding: AbortSignal,
    givingUp: AbortSignal,
  ): Promise<void> {
    while (!holding.aborted) {
      const batch = take();
      if (batch.length === 0) {
        await sleep(tickMs, undefined, { signal: holding }).catch(() => undefined);
        continue;
      }
      inHand = batch.length;
      try {
        unplaced = await placeBatch(batch, { record, channel, signal: givingUp, note });
        onPlaced(batch.length - unplaced.length);
      } catch (error) {
        // The broker may be mended, or another transport take them.
        unplaced = batch;
        inHand = 0;
        onFailed(error);
        await sleep(pauseMs, undefined, { signal: holding }).catch(() => undefined);
      }
      inHand = 0;
    }
  }

  return {
    setRate(next) {
      ordersPerSecond = next;
      due = 0;
    },
    get ordersPerSecond() {
      return ordersPerSecond;
    },
    add(orders) {
      queue = [...queue, ...orders];
    },
    get waiting() {
      return queue.length + unplaced.length + inHand;
    },
    begin(channel) {
      const [holding, givingUp] = [new AbortController(), new AbortController()];
      life = { holding, givingUp };
      lastAt = performance.now();
      running = run(channel, holding.signal, givingUp.signal);
    },
    hold() {
      life?.holding.abort();
      return running;
    },
    giveUp() {
      life?.givingUp.abort();
    },
  };
}
