import type { Message } from './tally.ts';

/** Remembers what each group has seen of each customer. */
export interface OrderCheck {
  /**
   * Whether `group` has seen nothing of the customer that comes later: of a later order and the same step or a later
   * one, or of the same order and a later step. Of two steps of different orders only that much is promised, since
   * the publishers of the two do not wait for each other.
   */
  next(message: Message, group: string): boolean;
}

export function createOrderCheck(): OrderCheck {
  /** Of each channel, group and customer: the highest sequence seen of each step. */
  const highest = new Map<string, number[]>();
  return {
    next({ channel, customer, sequence, step }, group) {
      const stream = `${channel}/${group}/${customer}`;
      let seen = highest.get(stream);
      if (seen === undefined) {
        seen = [];
        highest.set(stream, seen);
      }
      // Steps that were not seen yet are holes, which `every` leaves out.
      const isInOrder = seen.every((last, at) => at < step || last < sequence);
      seen[step] = Math.max(seen[step] ?? 0, sequence);
      return isInOrder;
    },
  };
}
