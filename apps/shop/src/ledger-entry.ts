import { z } from 'zod';
import type { Tally } from './tally.ts';

const message = {
  id: z.string(),
  channel: z.string(),
  customer: z.string(),
  sequence: z.number(),
  step: z.number(),
};

/** The first line of a ledger: which run it is of. */
export const LedgerHead = z.object({
  type: z.literal('run'),
  version: z.literal(1),
  run: z.string(),
  transport: z.string(),
  /** Digest of the orders' file. */
  orders: z.string(),
});
export type LedgerHead = z.infer<typeof LedgerHead>;

/** Every further line: what is about to happen or has happened to a message. */
export const LedgerEntry = z.discriminatedUnion('type', [
  /** Written before the publish: from here on it may have happened. */
  z.object({ type: z.literal('intent'), ...message }),
  z.object({ type: z.literal('confirmed'), id: z.string() }),
  /** Written before the ack. A message that came again is there again. */
  z.object({ type: z.literal('handled'), group: z.string(), ...message }),
  z.object({ type: z.literal('dead-lettered'), group: z.string(), id: z.string() }),
]);
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** Counts an entry: when it is written, and again when it is read after a restart. */
export function count(tally: Tally, entry: LedgerEntry): void {
  switch (entry.type) {
    case 'intent':
      tally.intend(entry);
      return;
    case 'confirmed':
      tally.confirm(entry.id);
      return;
    case 'handled':
      tally.handle(entry, entry.group);
      return;
    case 'dead-lettered':
      tally.deadLetter(entry.id, entry.group);
      return;
  }
}
