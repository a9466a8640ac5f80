import type { TakenOrders } from '../live/snapshot.ts';
import type { Order } from '../order.ts';
import { readOrders } from '../read-orders.ts';

/** Takes orders in once each, however often they are given. */
export interface OrderTaker {
  take(bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<TakenOrders>;
  readonly badLines: number;
}

const mostBadLines = 50;
/** What the shop calls the orders of its own. */
export const ownPrefix = 'shop-';

export function createOrderTaker(add: (orders: readonly Order[]) => void): OrderTaker {
  const known = new Set<string>();
  let badLines = 0;

  function problemOf({ orderId }: Order): string | undefined {
    if (orderId.startsWith(ownPrefix)) return `orderId: '${ownPrefix}…' is for orders of the shop`;
    return known.has(orderId) ? 'orderId: the order was placed before' : undefined;
  }

  return {
    get badLines() {
      return badLines;
    },
    async take(bytes) {
      const orders: Order[] = [];
      const bad: { line: number; reason: string }[] = [];
      for await (const line of readOrders(bytes)) {
        const reason = line.order === undefined ? line.reason : problemOf(line.order);
        if (reason !== undefined) bad.push({ line: line.line, reason });
        else if (line.order !== undefined) orders.push(line.order);
      }
      for (const { orderId } of orders) known.add(orderId);
      badLines += bad.length;
      add(orders);
      return { orders: orders.length, badLines: bad.length, bad: bad.slice(0, mostBadLines) };
    },
  };
}
