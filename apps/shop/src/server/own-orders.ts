import type { Order } from '../order.ts';
import { sampleOrders } from '../sample-orders.ts';
import { ownPrefix } from './taken-orders.ts';

const different = 3_000;

/** Orders without an end: those of the sample again and again, each with an id of its own. */
export function createOwnOrders(): { readonly next: () => Order } {
  const orders = sampleOrders(different);
  let made = 0;
  return {
    next() {
      const order = orders[made % different];
      made += 1;
      if (order === undefined) throw new Error('the sample is empty');
      return { ...order, orderId: `${ownPrefix}${String(made).padStart(6, '0')}` };
    },
  };
}
