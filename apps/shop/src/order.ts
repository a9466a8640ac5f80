import { z } from 'zod';

/** A name that becomes part of a message id or of a key: any text that is not blank. */
const name = z
  .string()
  .max(100)
  .refine((text) => text.trim() !== '' && text.isWellFormed(), 'must be text that is not blank');

export const Order = z.object({
  orderId: name,
  /** The ordering key: orders of one customer stay in the order of the file. */
  customerId: name,
  placedAt: z.iso.datetime({ offset: true }),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters'),
  items: z
    .array(
      z.object({
        sku: name,
        quantity: z.int().min(1).max(10_000),
        unitPriceCents: z.int().min(0).max(100_000_000),
      }),
    )
    .min(1),
  shipTo: z.object({ city: name, country: z.string().regex(/^[A-Z]{2}$/, 'must be two capitals') }),
});
export type Order = z.infer<typeof Order>;

/** Whose order a message is, and its place among that customer's orders: 1 is the first in the file. */
const origin = { run: z.string(), sequence: z.int().min(1) };

/** What goes from stage to stage. */
export const OrderStep = z.object({ ...origin, order: Order });
export type OrderStep = z.infer<typeof OrderStep>;

/** In the order in which they happen to an order. */
export const eventKinds = ['placed', 'charged', 'shipped'] as const;
export type EventKind = (typeof eventKinds)[number];

/** What everybody else hears about an order. */
export const OrderEvent = z.object({
  ...origin,
  kind: z.enum(eventKinds),
  orderId: name,
  customerId: name,
  currency: z.string(),
  totalCents: z.int(),
});
export type OrderEvent = z.infer<typeof OrderEvent>;

export function totalCents({ items }: Order): number {
  return items.reduce((sum, { quantity, unitPriceCents }) => sum + quantity * unitPriceCents, 0);
}
