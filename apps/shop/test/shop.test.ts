import { channel, createClient, IntermodalError, type Transport } from '@intermodal/core';
import { createMemoryBroker, memoryTransport } from '@intermodal/memory';
import { describe, expect, test } from 'vitest';
import { forgetfulLedger } from '../src/ledger.ts';
import { sampleOrders } from '../src/sample-orders.ts';
import { channelsOn, readersOn } from '../src/shop-channels.ts';
import { withCapabilities, withoutOrder } from './changed-transport.ts';
import { orderLines, quiet, runShop } from './shop-run.ts';

const nothingWrong = { lost: 0, outstanding: 0, deadLettered: 0, unexpected: 0 };

describe('every order goes through', () => {
  test.each<[string, Transport]>([
    ['queues', memoryTransport()],
    ['logs', memoryTransport({ log: { shards: 3 } })],
  ])('over %s: every message to every group, in order', async (_, transport) => {
    const { ending, orders, totals, deliveredTo } = await runShop(transport);
    expect(ending.kind).toBe('complete');
    expect(orders).toBe(60);
    expect(totals).toEqual({
      ...nothingWrong,
      published: 360,
      delivered: 720,
      repeated: 0,
      outOfOrder: 0,
    });
    expect(Object.fromEntries(deliveredTo)).toEqual({
      'place-order/place-order': 60,
      'charge-order/charge-order': 60,
      'ship-order/ship-order': 60,
      'order-events/billing': 180,
      'order-events/shipping': 180,
      'order-events/analytics': 180,
    });
  });

  test('over a transport with one group, without order, that repeats', async () => {
    const broker = createMemoryBroker();
    broker.faults.duplicate(20);
    const { ending, totals, deliveredTo } = await runShop(
      withoutOrder(memoryTransport({ broker })),
    );
    expect(ending.kind).toBe('complete');
    expect(totals).toMatchObject({ ...nothingWrong, published: 360, delivered: 360 });
    expect(totals.repeated).toBeGreaterThan(0);
    expect(totals.outOfOrder).toBeGreaterThan(0);
    expect([...deliveredTo.keys()].filter((reader) => reader.startsWith('order-events'))).toEqual([
      'order-events/billing',
    ]);
  });

  test('over a transport that cannot provision', async () => {
    const { admin: _, ...transport } = memoryTransport({ autoCreate: true });
    const { ending, notes } = await runShop(transport);
    expect(ending.kind).toBe('complete');
    expect(notes.filter((note) => note.includes('is used as it is'))).toHaveLength(4);
  });

  test('while connections are cut and confirmations are lost', async () => {
    const broker = createMemoryBroker();
    const error = new IntermodalError('unavailable', 'cut');
    broker.faults.failSends(5, { certainty: 'unknown', error, stored: true });
    async function* orders(): AsyncGenerator<Uint8Array> {
      for (const line of orderLines(60).match(/.*\n/g) ?? []) {
        yield Buffer.from(line);
        await new Promise((resolve) => setImmediate(resolve));
      }
      broker.faults.cut();
    }
    const { ending, totals } = await runShop(memoryTransport({ broker }), { orders: orders() });
    expect(ending.kind).toBe('complete');
    expect(totals).toMatchObject({
      ...nothingWrong,
      published: 360,
      delivered: 720,
      outOfOrder: 0,
    });
    expect(totals.repeated).toBeGreaterThan(0);
  });

  test('some fail at first and are tried again', async () => {
    const { retried, totals } = await runShop(memoryTransport(), {
      orders: [Buffer.from(orderLines(200))],
    });
    expect(retried).toBeGreaterThan(0);
    expect(totals).toMatchObject({ repeated: 0, outOfOrder: 0 });
  });
});

describe('what goes wrong is seen', () => {
  test('what the broker loses is counted as lost once nothing happens any more', async () => {
    const broker = createMemoryBroker();
    const release = broker.faults.hold('receives');
    async function* orders(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(orderLines(100));
      await expect.poll(() => broker.published('place-order').length).toBe(100);
      broker.faults.restart();
      release();
      yield Buffer.from(orderLines(130).split('\n').slice(100).join('\n'));
    }
    const { ending, totals } = await runShop(memoryTransport({ broker }), {
      orders: orders(),
      patienceMs: 300,
    });
    expect(ending.kind).toBe('gave-up');
    expect(totals).toMatchObject({ lost: 100, published: 100 + 6 * 30, delivered: 12 * 30 });
  });

  test('bad lines are told by number and left out', async () => {
    const lines = orderLines(3).replace('\n', '\noops\n');
    const { badLines, orders, notes } = await runShop(memoryTransport(), {
      orders: [Buffer.from(lines)],
    });
    expect({ badLines, orders }).toEqual({ badLines: 1, orders: 3 });
    expect(notes).toEqual(['Line 2 is skipped: not valid JSON.']);
  });

  test('a message that is no order goes to the dead letters, and the run goes on', async () => {
    const broker = createMemoryBroker();
    const other = createClient({ transport: memoryTransport({ broker, autoCreate: true }) });
    const { 'place-order': place } = channelsOn(other, readersOn(memoryTransport())).stages;
    await place.provision();
    await other.publish(channel('place-order'), { nonsense: true });
    const { ending, totals, notes } = await runShop(memoryTransport({ broker }));
    await other.close();
    expect(ending.kind).toBe('complete');
    expect(totals).toMatchObject(nothingWrong);
    expect(notes.join()).toContain('went to the dead letters');
  });

  test('orders of another run move on, and count nowhere', async () => {
    const broker = createMemoryBroker();
    const transport = memoryTransport({ broker });
    const other = createClient({ transport: memoryTransport({ broker }) });
    const channels = channelsOn(other, readersOn(transport));
    const { 'place-order': place } = channels.stages;
    await place.provision();
    const [order] = sampleOrders(1);
    if (order === undefined) throw new Error('the sample is empty');
    const body = { run: 'another', sequence: 1, order };
    await place.publish(body, { id: 'x', key: order.customerId });
    const { ending, totals, strangers } = await runShop(transport);
    await other.close();
    expect(ending.kind).toBe('complete');
    expect(totals).toMatchObject({ ...nothingWrong, published: 360, delivered: 720 });
    expect(strangers).toBeGreaterThan(0);
    expect(broker.published('ship-order')).toHaveLength(61);
  });

  test('an order that the broker refuses ends the run with its reason', async () => {
    const broker = createMemoryBroker();
    const error = new IntermodalError('rejected', 'refused by a policy');
    broker.faults.failSends(1, { certainty: 'rejected', error });
    const { ending } = await runShop(memoryTransport({ broker }));
    expect(ending).toMatchObject({ kind: 'failed', error: { message: 'refused by a policy' } });
  });

  test('a ledger that cannot be written ends the run with its reason', async () => {
    const full = Promise.reject(new Error('the disk is full'));
    full.catch(() => undefined);
    const ledger = { ...forgetfulLedger(), append: () => full };
    const { ending, totals } = await runShop(memoryTransport(), { ledger });
    expect(ending).toMatchObject({ kind: 'failed', error: { message: 'the disk is full' } });
    expect(totals.published).toBe(0);
  });

  test('a run that cannot start says why', async () => {
    const { admin: _, ...transport } = memoryTransport();
    await transport.close();
    await expect(runShop(transport)).rejects.toMatchObject({
      code: 'closed',
    });
  });

  test('a transport that only publishes is refused', () => {
    const deaf = withCapabilities(memoryTransport(), { receive: false, groups: 'none' });
    expect(() => readersOn(deaf)).toThrow(/'memory' only publishes/);
  });
});

describe('stopped from outside', () => {
  test('gently: no new orders, and what was placed goes through', async () => {
    const { gently, atOnce } = quiet();
    function* orders(): Generator<Uint8Array> {
      yield Buffer.from(orderLines(150));
      gently.abort();
      yield Buffer.from(orderLines(300).split('\n').slice(150).join('\n'));
    }
    const interrupt = { gently: gently.signal, atOnce: atOnce.signal };
    const {
      ending,
      orders: placed,
      totals,
    } = await runShop(memoryTransport(), { orders: orders(), interrupt });
    expect(ending.kind).toBe('interrupted');
    expect(placed).toBe(100);
    expect(totals).toMatchObject({ ...nothingWrong, published: 600, delivered: 1_200 });
  });

  test('at once: what was under way is counted as it stands', async () => {
    const broker = createMemoryBroker();
    broker.faults.hold('receives');
    const { gently, atOnce } = quiet();
    async function* orders(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(orderLines(100));
      await expect.poll(() => broker.published('place-order').length).toBe(100);
      atOnce.abort();
    }
    const interrupt = { gently: gently.signal, atOnce: atOnce.signal };
    const { ending, totals } = await runShop(memoryTransport({ broker }), {
      orders: orders(),
      interrupt,
    });
    expect(ending.kind).toBe('interrupted');
    expect(totals).toMatchObject({ published: 100, lost: 100, outstanding: 100 });
  });
});
