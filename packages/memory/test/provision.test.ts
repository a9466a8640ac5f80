import { expect, test } from 'vitest';
import { createMemoryBroker, memoryTransport } from '../src/index.ts';
import {
  deadOrders,
  ids,
  message,
  never,
  openReceiver,
  openSender,
  orders,
  provision,
  receiveNow,
  retry,
  send,
  setUp,
} from './support.ts';

test('what was not provisioned is not found, and then is', async () => {
  const transport = memoryTransport();
  await expect(openSender(transport)).rejects.toMatchObject({
    code: 'not-found',
    address: 'orders',
  });
  await expect(provision(transport, orders, 'verify')).rejects.toMatchObject({ code: 'not-found' });
  await expect(transport.check(orders, never)).rejects.toMatchObject({ code: 'not-found' });
  await provision(transport, { channel: 'orders', role: 'main' });
  const sender = await openSender(transport);
  expect(await send(sender, message('1'))).toMatchObject([{ ok: true }]);
  await transport.check({ channel: 'orders', role: 'main' }, never);
  await expect(provision(transport, orders, 'verify')).rejects.toMatchObject({ code: 'not-found' });
  await Promise.all([provision(transport, orders), provision(transport, orders)]);
  await provision(transport, orders, 'verify');
});

test('a receiver finds only groups that exist, unless it says where a new one starts', async () => {
  const setup = await setUp();
  const shipping = { ...orders, group: 'shipping' };
  await send(await openSender(setup.transport), message('1'));
  await expect(openReceiver(setup, {}, shipping)).rejects.toMatchObject({ code: 'not-found' });
  const receiver = await openReceiver(setup, { from: 'earliest' }, shipping);
  expect(ids(await receiveNow(receiver))).toEqual(['1']);
  await expect(
    openReceiver(setup, { from: 'earliest' }, { ...shipping, channel: 'other' }),
  ).rejects.toMatchObject({ code: 'not-found' });
});

test('autoCreate makes what is used, and a group that comes later gets what came before', async () => {
  const setup = await setUp({ autoCreate: true });
  const place = { channel: 'fresh', group: 'late', role: 'main' } as const;
  await setup.transport.check(place, never);
  await send(await openSender(setup.transport, { channel: 'fresh', role: 'main' }), message('1'));
  expect(ids(await receiveNow(await openReceiver(setup, {}, place)))).toEqual(['1']);
  const dead = { channel: 'fresh', group: 'other', role: 'dead-letter' } as const;
  await send(await openSender(setup.transport, dead), message('2'));
  expect(ids(await receiveNow(await openReceiver(setup, {}, dead)))).toEqual(['2']);
  expect(setup.broker.deadLetters('fresh', 'late')).toEqual([]);
  expect(() => setup.broker.deadLetters('fresh', 'typo')).toThrow(
    expect.objectContaining({ code: 'not-found' }),
  );
});

test('a native name wins, also for dead letters', async () => {
  const setup = await setUp();
  const native = { channel: 'orders', role: 'main', native: 'Legacy.Orders' } as const;
  await provision(setup.transport, { ...native, group: 'billing' });
  await send(await openSender(setup.transport, native), message('1'));
  expect(await receiveNow(await openReceiver(setup))).toEqual([]);
  expect(setup.broker.published('Legacy.Orders')).toHaveLength(1);
  const grave = { ...deadOrders, native: 'graveyard' };
  await setup.transport.admin?.provision(
    orders,
    { mode: 'create', order: 'key', maxAttempts: 5, deadLetter: grave },
    never,
  );
  await send(await openSender(setup.transport, grave), message('2'));
  expect(ids(await receiveNow(await openReceiver(setup, {}, grave)))).toEqual(['2']);
});

test('queues and logs of one broker are not taken for each other', async () => {
  const broker = createMemoryBroker();
  const queues = memoryTransport({ broker });
  const logs = memoryTransport({ broker, log: { shards: 1 } });
  await provision(queues, orders);
  await expect(provision(logs, orders, 'verify')).rejects.toMatchObject({ code: 'mismatch' });
  await expect(openSender(logs)).rejects.toMatchObject({ code: 'mismatch' });
  expect(() => broker.lanes('orders')).toThrow(expect.objectContaining({ code: 'unsupported' }));
  expect(() => broker.published('other')).toThrow(expect.objectContaining({ code: 'not-found' }));
});

test('transports on one broker reach each other', async () => {
  const setup = await setUp();
  const other = memoryTransport({ broker: setup.broker });
  await send(await openSender(other), message('1'));
  await other.close();
  expect(ids(await receiveNow(await openReceiver(setup)))).toEqual(['1']);
});

test('the backlog is exact', async () => {
  const setup = await setUp();
  await send(
    await openSender(setup.transport),
    ...['1', '2', '3'].map((id) => message(id)),
    message('4', { delayMs: 1_000 }),
  );
  await send(await openSender(setup.transport, deadOrders), message('5'));
  const receiver = await openReceiver(setup);
  const [first] = await receiveNow(receiver, 2);
  const { admin } = setup.transport;
  const shared = { exact: true, deadLettered: 1 };
  expect(await admin?.backlog?.(orders, never)).toEqual({
    ...shared,
    ready: 1,
    inFlight: 2,
    delayed: 1,
  });
  await retry(receiver, first!, 5_000);
  expect(await admin?.backlog?.(orders, never)).toEqual({
    ...shared,
    ready: 1,
    inFlight: 1,
    delayed: 2,
  });
  await setup.clock.advance(1_000);
  expect(await admin?.backlog?.(orders, never)).toEqual({
    ...shared,
    ready: 2,
    inFlight: 1,
    delayed: 1,
  });
  expect(await admin?.backlog?.(deadOrders, never)).toMatchObject({ ready: 1, deadLettered: 0 });
});

test('a purge of a group leaves the other groups and what is in flight', async () => {
  const setup = await setUp();
  const shipping = { ...orders, group: 'shipping' };
  await provision(setup.transport, shipping);
  await send(
    await openSender(setup.transport),
    ...['1', '2', '3'].map((id) => message(id, { key: 'a' })),
  );
  const receiver = await openReceiver(setup);
  await receiveNow(receiver);
  const { admin } = setup.transport;
  await admin?.purge?.(orders, never);
  expect(setup.broker.unsettled('orders', 'billing').map((each) => each.message.id)).toEqual(['1']);
  expect(setup.broker.unsettled('orders', 'shipping')).toHaveLength(3);
  await admin?.purge?.({ channel: 'orders', role: 'main' }, never);
  expect(setup.broker.unsettled('orders', 'shipping')).toEqual([]);
  expect(setup.broker.published('orders')).toEqual([]);
});

test('whoever is connected to what is removed is told', async () => {
  const setup = await setUp();
  const shipping = { ...orders, group: 'shipping' };
  await provision(setup.transport, shipping);
  const [billing, other] = [await openReceiver(setup), await openReceiver(setup, {}, shipping)];
  const sender = await openSender(setup.transport);
  const { admin } = setup.transport;
  await admin?.remove?.(orders, never);
  expect(await billing.dead).toMatchObject({ code: 'not-found', retryable: false });
  expect(await send(sender, message('1'))).toMatchObject([{ ok: true }]);
  expect(ids(await receiveNow(other))).toEqual(['1']);
  await expect(provision(setup.transport, orders, 'verify')).rejects.toMatchObject({
    code: 'not-found',
  });
  await admin?.remove?.({ channel: 'orders', role: 'main' }, never);
  await admin?.remove?.({ channel: 'orders', role: 'main' }, never);
  expect(await other.dead).toMatchObject({ code: 'not-found' });
  expect(await sender.dead).toMatchObject({ code: 'not-found' });
});

test('options that make no sense are refused', () => {
  const untyped: object = { log: { shards: 1 }, leaseMs: 5 };
  const refused = expect.objectContaining({ code: 'invalid-argument' }) as Error;
  expect(() => memoryTransport(untyped)).toThrow(refused);
  expect(() => memoryTransport({ log: { shards: 0 } })).toThrow(refused);
  expect(() => memoryTransport({ maxMessageBytes: 0.5 })).toThrow(refused);
  expect(() => memoryTransport({ broker: { ...createMemoryBroker() } })).toThrow(refused);
  expect(() => createMemoryBroker({ retain: -1 })).toThrow(refused);
});
