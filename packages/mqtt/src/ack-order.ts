import type { AckOrder } from './engine.ts';

/** Writes acks in the order that the broker wants. */
export interface Acks {
  /** A message has come. */
  came(messageId: number): void;
  ack(messageId: number): void;
}

/** `protocol`: each ack waits for those of the messages that came before its own, as the specification has it. */
export function orderAcks(order: AckOrder, write: (messageId: number) => void): Acks {
  if (order === 'any') return { came: () => undefined, ack: write };
  // In the order in which they came; a broker that sends one again on this connection moves nothing.
  const acked = new Map<number, boolean>();
  return {
    came(messageId) {
      if (!acked.has(messageId)) acked.set(messageId, false);
    },
    ack(messageId) {
      if (!acked.has(messageId)) return;
      acked.set(messageId, true);
      for (const [first, isAcked] of acked) {
        if (!isAcked) return;
        acked.delete(first);
        write(first);
      }
    },
  };
}
