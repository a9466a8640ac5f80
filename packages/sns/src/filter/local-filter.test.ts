import { channel, createClient } from '@intermodal/core';
import { createMemoryBroker, memoryTransport } from '@intermodal/memory';
import { expect, test } from 'vitest';
import { localFilter } from './local-filter.ts';
import { attributeFilter, bodyFilter, type SnsFilters } from './policy.ts';

interface Order {
  readonly total: number;
  readonly country?: string;
}

const orders = channel<Order>('orders');
const attributeTypes = { weight: 'Number' } as const;
const filters: SnsFilters = {
  orders: {
    freight: attributeFilter({ weight: [{ numeric: ['>', 30] }] }),
    customs: bodyFilter<Order>({ country: [{ 'anything-but': 'CH' }] }),
    vip: attributeFilter({ imkey: ['customer-7'] }),
  },
};

test('groups on memory get what they would on SNS', async () => {
  const broker = createMemoryBroker({ accepts: localFilter({ filters, attributeTypes }) });
  await using client = createClient({ transport: memoryTransport({ broker }) });
  await client.provision([orders], { groups: ['freight', 'customs', 'vip', 'all'] });
  await client.publish(orders, { total: 1, country: 'CH' }, { headers: { weight: '31' } });
  await client.publish(orders, { total: 2, country: 'DE' }, { headers: { weight: '9' } });
  await client.publish(orders, { total: 3 }, { key: 'customer-7', headers: { weight: '100' } });
  const totals = (group: string): number[] =>
    broker
      .unsettled('orders', group)
      .map(({ message: { body } }) => (JSON.parse(String(body)) as Order).total);
  expect(totals('freight')).toEqual([1, 3]);
  expect(totals('customs')).toEqual([2]);
  expect(totals('vip')).toEqual([3]);
  expect(totals('all')).toEqual([1, 2, 3]);
});

test('what does not fit ten attributes is packed, and no filter looks there', () => {
  const accepts = localFilter({ filters: { orders: { all: attributeFilter({ last: ['x'] }) } } });
  const some = Array.from({ length: 9 }, (_, n) => [`header-${n}`, 'x'] as const);
  const message = { id: 'one', channel: 'orders', body: '{}' };
  const few = new Map<string, string>([['last', 'x']]);
  expect(accepts('orders', 'all', { ...message, headers: few })).toBe(true);
  const many = new Map<string, string>([...some, ['last', 'x']]);
  expect(accepts('orders', 'all', { ...message, headers: many })).toBe(false);
});

test('what SNS would refuse to take is delivered to nobody who filters', () => {
  const accepts = localFilter({ filters, attributeTypes });
  const headers = new Map([['weight', 'heavy']]);
  const message = { id: 'one', channel: 'orders', body: '{}', headers };
  expect(accepts('orders', 'freight', message)).toBe(false);
  expect(accepts('orders', 'all', message)).toBe(true);
});

test('a policy that SNS would refuse is refused here', () => {
  const wrong = { orders: { all: attributeFilter({ a: [] }) } };
  expect(() => localFilter({ filters: wrong })).toThrow(/group 'all' of 'orders', 'a'/);
});
