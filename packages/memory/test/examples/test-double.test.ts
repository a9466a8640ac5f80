import { channel, createClient } from '@intermodal/core';
import { createVirtualClock } from '@intermodal/core/testing';
import { createMemoryBroker, memoryTransport } from '@intermodal/memory';
import { expect, test } from 'vitest';

const orders = channel<{ id: string; total: number }>('orders');

test('an order is charged although the bank is closed for a while and a connection breaks', async () => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock });
  const client = createClient({ transport: memoryTransport({ broker, autoCreate: true }), clock });
  let attempts = 0;
  await client.consume(orders, { group: 'billing' }, () => {
    attempts += 1;
    if (attempts === 1) throw new Error('the bank is closed');
  });

  broker.faults.cut();
  await client.publish(orders, { id: 'o-1', total: 12 });
  await clock.advance(60_000); // the wait for a connection and for the retry takes no time

  expect(attempts).toBe(2);
  expect(broker.published('orders')).toHaveLength(1);
  expect(broker.unsettled('orders', 'billing')).toEqual([]);
  expect(broker.deadLetters('orders', 'billing')).toEqual([]);
  await client.close();
});
