import type { Bodies } from './load.ts';

const size = 100;

/** 100 bytes that are encoded already. */
export const byteBodies: Bodies<Uint8Array> = {
  plain: new Uint8Array(size),
  stamped(now) {
    const body = new Uint8Array(size);
    new DataView(body.buffer).setFloat64(0, now);
    return body;
  },
  sentAt(body) {
    if (body[0] === 0) return undefined;
    return new DataView(body.buffer, body.byteOffset).getFloat64(0);
  },
};

/** An order whose JSON has 100 bytes. */
export interface OrderBody {
  readonly order: string;
  readonly customer: string;
  readonly amount: number;
  readonly currency: string;
  readonly sentAt: number;
}

const plainOrder: OrderBody = {
  order: 'order-000000000001',
  customer: 'customer-01',
  amount: 4_999,
  currency: 'EUR',
  sentAt: 0,
};

export const orderBodies: Bodies<OrderBody> = {
  plain: plainOrder,
  stamped: (now) => ({ ...plainOrder, sentAt: now }),
  sentAt: ({ sentAt }) => (sentAt === 0 ? undefined : sentAt),
};
