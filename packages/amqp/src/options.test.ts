import { expect, test } from 'vitest';
import { amqpTransport, type AmqpTransportOptions } from './index.ts';
import { queueName, targetOf } from './names.ts';
import { resolveOptions } from './options.ts';
import { deadLetterArguments, delayArguments, mainArguments } from './queue-arguments.ts';

const refused: readonly AmqpTransportOptions[] = [
  { maxPriority: 9 },
  { maxPriority: 9, queueType: 'classic', singleActiveConsumer: true },
  { maxPriority: 0, queueType: 'classic' },
  { deliveryLimit: 50, queueType: 'classic' },
  { deliveryLimit: 0 },
  { hosts: [] },
  { heartbeatSeconds: -1 },
  { maxMessageBytes: 1.5 },
  { credentials: 'external' },
];

test.each(refused)('refused: %o', (options) => {
  expect(() => resolveOptions(options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});

test('capabilities follow from the options', () => {
  const { capabilities: quorum } = amqpTransport();
  expect([quorum.attempts, quorum.release, quorum.order]).toEqual(['broker', 'counted', 'none']);
  const { capabilities: classic } = amqpTransport({ queueType: 'classic', maxPriority: 9 });
  expect([classic.attempts, classic.release, classic.priority]).toEqual(['local', 'free', true]);
  const { capabilities: ordered } = amqpTransport({ singleActiveConsumer: true });
  expect([ordered.order, ordered.isolation]).toEqual(['key', 'window']);
});

test('an empty vhost, as a URL’s path may be, is the usual one', () => {
  expect(resolveOptions({ vhost: '' }).vhost).toBe('/');
});

test('names', () => {
  const main = { channel: 'orders', role: 'main' } as const;
  expect(targetOf(main, undefined)).toEqual({ kind: 'exchange', name: 'orders' });
  const group = { ...main, group: 'billing' };
  expect(targetOf(group, undefined)).toEqual({ kind: 'queue', name: 'orders.billing' });
  expect(queueName({ ...group, role: 'dead-letter' }, undefined)).toBe('orders.billing_dlq');
  expect(queueName(main, undefined)).toBe('orders.orders');
  expect(targetOf({ ...main, native: 'amq.topic' }, undefined).name).toBe('amq.topic');
});

test('every queue states its type, and no quorum queue is without a limit', () => {
  const exchange = { kind: 'exchange', name: 'orders' } as const;
  for (const queueType of ['quorum', 'classic'] as const) {
    const settings = resolveOptions({ queueType });
    const all = [
      mainArguments(settings, 'orders.billing_dlq'),
      deadLetterArguments(settings),
      delayArguments(settings, exchange, 300),
    ];
    for (const one of all) expect(one['x-queue-type']).toBe(queueType);
    expect('x-delivery-limit' in (all[0] ?? {})).toBe(queueType === 'quorum');
    expect('x-delivery-limit' in (all[1] ?? {})).toBe(queueType === 'quorum');
    expect(all[2]?.['x-expires']).toBeGreaterThan(300);
  }
});
