import { type Channel, channel } from '@intermodal/core';

export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly totalCents: number;
}

/** What the shop works on. */
export const orders: Channel<Order> = channel<Order>('orders');

/** What is kept of it: a delivery stream. */
export const archive: Channel<Order> = channel<Order>('orders-archive');

export const group = 'billing';

/** An archive that is away for a while must not turn orders into dead letters. */
export const maxAttempts = 100;
