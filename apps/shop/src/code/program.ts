import { lineOf, type OfferCode } from '../offers/offer.ts';

/** A small application. The lines of `changing` are all that another transport changes. */
export interface Program {
  readonly lines: readonly string[];
  /** Indices. */
  readonly changing: readonly number[];
}

/** It asks for everything that some transport has, so that each shows what it has not. */
export function programOf(code: OfferCode): Program {
  const name = code.factory.replace('await ', '');
  return {
    changing: [1, 7],
    lines: [
      "import { channel, createClient } from '@intermodal/core';",
      `import { ${name} } from '${code.module}';`,
      '',
      'interface Order { id: string; customer: string }',
      "const orders = channel<Order>('orders', { order: 'key' });",
      "const news = channel<Order>('order-events');",
      '',
      lineOf(code),
      '',
      "const order: Order = { id: 'o-1', customer: 'c-7' };",
      'await client.publish(orders, order, { key: order.customer });',
      'await client.publish(news, order, { delayMs: 60_000 });',
      'await client.publish(news, order, { ttlMs: 3_600_000 });',
      'await client.publish(news, order, { priority: 9 });',
      'await client.publish(news, order, { dedupeId: order.id });',
      '',
      "await client.consume(news, { group: 'billing', leaseMs: 60_000 }, () => {});",
      "await client.consume(news, { group: 'reports', from: 'earliest' }, () => {});",
    ],
  };
}
