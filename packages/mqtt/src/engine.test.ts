import { expect, test } from 'vitest';
import { capabilitiesOf } from './capabilities.ts';
import { placeOf } from './engine.ts';
import { resolveOptions } from './options.ts';
import { filtersOf, sessionId } from './session.ts';

const main = { channel: 'orders', role: 'main' } as const;
const group = { ...main, group: 'billing' } as const;
const dead = { ...group, role: 'dead-letter' } as const;

test('topics of a channel, a group and its dead letters', () => {
  expect(placeOf('mosquitto', main, undefined).topic).toBe('orders');
  expect(placeOf('activemq', main, undefined).topic).toBe('VirtualTopic/orders');
  expect(placeOf('activemq', group, undefined)).toMatchObject({
    topic: 'orders/billing',
    filters: ['VirtualTopic/orders', 'orders/billing'],
  });
  expect(placeOf('mosquitto', dead, undefined)).toMatchObject({
    topic: 'orders/billing_dlq',
    filters: ['orders/billing_dlq'],
  });
});

test('names of one’s own win over the rule, and a native one over both', () => {
  const naming = ({
    channel,
    group: of,
    role,
  }: {
    channel: string;
    group?: string;
    role: string;
  }) => [channel, of, role].filter((part) => part !== undefined).join('-');
  expect(placeOf('mosquitto', group, naming)).toMatchObject({
    topic: 'orders-billing-main',
    filters: ['orders-main', 'orders-billing-main'],
  });
  expect(placeOf('mosquitto', { ...group, native: 'a/+' }, naming).filters).toEqual(['a/+']);
});

test('a session has the name of its group, and of the member where groups are shared', () => {
  const settings = resolveOptions({ broker: 'mosquitto', protocol: '5' });
  const shared = resolveOptions({ broker: 'mosquitto', protocol: '5', member: 'a' });
  expect(sessionId(settings, group)).toBe('intermodal.orders.billing');
  expect(sessionId(shared, dead)).toBe('intermodal.orders.billing_dlq.a');
  const place = placeOf('mosquitto', group, undefined);
  expect(filtersOf(settings, group, place)).toEqual(['orders', 'orders/billing']);
  expect(filtersOf(shared, group, place)).toEqual([
    '$share/billing/orders',
    '$share/billing/orders/billing',
  ]);
});

test('of a broker that resumes no session before it sends what is new, no order is claimed', () => {
  const kind = { protocol: '3.1.1', member: undefined, envelope: 'cloudevents' } as const;
  expect(capabilitiesOf({ broker: 'mosquitto', ...kind })).toMatchObject({
    order: 'key',
    isolation: 'window',
    duplicates: 'on-fault',
  });
  expect(capabilitiesOf({ broker: 'aedes', ...kind })).toMatchObject({
    members: 'one',
    order: 'none',
    isolation: 'none',
    duplicates: 'possible',
    durable: false,
  });
  expect(() => resolveOptions({ broker: 'aedes', protocol: '5' })).toThrow("'aedes' knows 3.1.1");
  expect(() => resolveOptions({ broker: 'aedes', protocol: '3.1.1', member: 'a' })).toThrow(
    'leave it out',
  );
});
