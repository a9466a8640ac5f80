import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '@intermodal/core';
import { memoryTransport } from '@intermodal/memory';
import { expect, test } from 'vitest';
import { withCapabilities, withoutOrder } from '../../test/changed-transport.ts';
import { memoryOffers } from '../offers/memory.ts';
import type { Offer } from '../offers/offer.ts';
import { sampleOrders } from '../sample-orders.ts';
import { type LiveShop, openLiveShop } from './live-shop.ts';
import { createNotes } from './notes.ts';
import { snapshotOf } from './snapshot-of.ts';

const [queues, logs] = memoryOffers() as [Offer, Offer];
const charge = 'charge-order/charge-order';

function offerOf(open: () => Transport): Offer {
  return {
    ...queues,
    id: 'other',
    label: 'Other',
    start: () =>
      Promise.resolve({
        open: () => Promise.resolve(open()),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}

function open(offer: Offer = memoryOffers()[0] as Offer, patienceMs = 10_000): Promise<LiveShop> {
  let made = 0;
  const orders = sampleOrders(500);
  return openLiveShop({
    offer,
    patienceMs,
    note: () => undefined,
    make() {
      made += 1;
      const order = orders[made % orders.length];
      if (order === undefined) throw new Error('the sample is empty');
      return { ...order, orderId: `made-${made}` };
    },
  });
}

async function until(shop: LiveShop, condition: () => boolean): Promise<void> {
  const givenUpAt = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > givenUpAt)
      throw new Error(
        `it did not come to ${String(condition)}: ${JSON.stringify(shop.tally.totals())}`,
      );
    await sleep(10);
  }
}

const isThrough = ({ tally, intake, counts }: LiveShop, orders: number): boolean =>
  counts.orders === orders && intake.waiting === 0 && tally.totals().outstanding === 0;

test('orders at a rate, and as many at once as asked for', async () => {
  await using shop = await open();
  shop.intake.setRate(100);
  await until(shop, () => shop.counts.orders > 50);
  shop.intake.setRate(0);
  await until(shop, () => isThrough(shop, shop.counts.orders));
  shop.intake.add(sampleOrders(250));
  const before = shop.counts.orders;
  await until(shop, () => isThrough(shop, before + 250));
  expect(shop.tally.totals()).toMatchObject({ lost: 0, outOfOrder: 0, repeated: 0 });
});

test('a swap under load loses nothing and keeps order, from queues to logs and back', async () => {
  await using shop = await open(queues);
  shop.intake.add(sampleOrders(2_000));
  await until(shop, () => shop.counts.orders > 100);
  const there = await shop.swap(logs);
  const back = await shop.swap(queues);
  await until(shop, () => isThrough(shop, 2_000));
  expect(shop.tally.totals()).toMatchObject({
    published: 12_000,
    delivered: 24_000,
    lost: 0,
    outOfOrder: 0,
    repeated: 0,
  });
  expect(there).toMatchObject({ from: 'Memory, queues', to: 'Memory, logs', missing: 0 });
  expect(shop.swaps).toEqual([back, there]);
});

test('a swap to one group and no order goes on with that', async () => {
  await using shop = await open();
  shop.intake.add(sampleOrders(300));
  await until(shop, () => shop.counts.orders === 300);
  await shop.swap(offerOf(() => withoutOrder(memoryTransport())));
  const { delivered } = shop.tally.totals();
  shop.intake.add(sampleOrders(400).slice(300));
  await until(shop, () => isThrough(shop, 400));
  expect(shop.tally.totals()).toMatchObject({ published: 2_400, lost: 0 });
  expect(shop.tally.totals().delivered).toBeLessThan(delivered + 2_400);
  const { readers } = snapshotOf({ shop, offers: [], notes: [], badLines: 0 });
  const isRead = (name: string): boolean | undefined =>
    readers.find(({ group }) => group === name)?.isRead;
  expect([isRead('billing'), isRead('analytics')]).toEqual([true, false]);
});

test.each([
  ['that is closed', (): Transport => closed()],
  ['that only publishes', () => withCapabilities(memoryTransport(), { receive: false })],
])('a swap to a transport %s changes nothing', async (_, openOther) => {
  await using shop = await open();
  await expect(shop.swap(offerOf(openOther))).rejects.toThrow(/closed|only publishes/);
  expect(shop.leg.offer.id).toBe('memory');
  expect(shop.swapping).toBeUndefined();
  shop.intake.add(sampleOrders(50));
  await until(shop, () => isThrough(shop, 50));
});

function closed(): Transport {
  const transport = memoryTransport();
  void transport.close();
  return transport;
}

test('one hand-over at a time', async () => {
  await using shop = await open();
  const first = shop.swap(offerOf(() => memoryTransport()));
  await expect(shop.swap(queues)).rejects.toThrow('under way');
  await first;
});

test('a swap ends every fault, and leaves no dead letter behind', async () => {
  await using shop = await open();
  shop.faults.set(charge, 'reject');
  await shop.leg.stopConsumer('order-events/billing');
  shop.intake.add(sampleOrders(40));
  await until(shop, () => shop.tally.totals().deadLettered === 40);
  shop.faults.set('place-order/place-order', 'hang');
  shop.intake.add(sampleOrders(60).slice(40));
  await until(shop, () => shop.counts.orders === 60);
  const report = await shop.swap(offerOf(() => memoryTransport()));
  expect(report).toMatchObject({ missing: 0, redriven: 40 });
  expect(shop.faults.areOn).toBe(false);
  expect(shop.tally.totals()).toMatchObject({ published: 360, delivered: 720, lost: 0 });
});

test('a swap restarts a broker that was killed, and tells what that has forgotten', async () => {
  await using shop = await open(memoryOffers()[0], 500);
  await shop.leg.stopConsumer(charge);
  shop.intake.add(sampleOrders(40));
  await until(shop, () => shop.tally.readers.get(charge)?.outstanding === 40);
  await shop.broker.kill();
  const report = await shop.swap(offerOf(() => memoryTransport()));
  expect(report.missing).toBe(40);
  expect(shop.tally.totals()).toMatchObject({ outstanding: 0, lost: 40 });
});

test('dead letters are moved back, and what they held up is told apart', async () => {
  await using shop = await open();
  shop.faults.set(charge, 'fail');
  shop.intake.add(sampleOrders(10));
  await until(shop, () => shop.tally.totals().deadLettered === 10);
  expect(shop.meter.counts.retried).toBe(40);
  shop.faults.heal();
  shop.intake.add(sampleOrders(200).slice(10));
  await until(shop, () => isThrough(shop, 200));
  expect(await shop.redrive()).toBe(10);
  await until(shop, () => shop.tally.totals().delivered === 12 * 200);
  const { outOfOrder, deadLettered } = shop.tally.totals();
  expect(deadLettered).toBe(0);
  expect(shop.tally.afterthoughts().overtakenInDeadLetters).toBe(outOfOrder);
}, 60_000);

test('handlers that hang hold their messages until they are healed', async () => {
  await using shop = await open();
  shop.faults.set(charge, 'hang');
  shop.intake.add(sampleOrders(30));
  await until(shop, () => (shop.leg.consumers.get(charge)?.stats().running ?? 0) > 5);
  expect(shop.tally.readers.get(charge)?.outstanding).toBe(30);
  shop.faults.heal();
  await until(shop, () => isThrough(shop, 30));
  expect(shop.tally.totals()).toMatchObject({ lost: 0, outOfOrder: 0, repeated: 0 });
});

test('it can be closed while its broker is gone, and while a hand-over waits', async () => {
  const shop = await open();
  await shop.leg.stopConsumer(charge);
  shop.intake.add(sampleOrders(40));
  await until(shop, () => shop.counts.orders === 40);
  await shop.broker.kill();
  shop.intake.add(sampleOrders(80).slice(40));
  const swap = shop.swap(offerOf(() => memoryTransport()));
  await until(shop, () => shop.swapping?.step === 'drain');
  await shop[Symbol.asyncDispose]();
  expect((await swap).missing).toBeGreaterThan(0);
});

test('no more orders are placed than there is room for', async () => {
  let made = 0;
  await using shop = await openLiveShop({
    offer: queues,
    mostInFlight: 60,
    note: () => undefined,
    make() {
      made += 1;
      return { ...(sampleOrders(1)[0] as ReturnType<typeof sampleOrders>[0]), orderId: `o${made}` };
    },
  });
  await shop.leg.stopConsumer('place-order/place-order');
  shop.intake.setRate(1_000);
  await until(shop, () => shop.tally.totals().outstanding >= 50);
  await sleep(200);
  expect(shop.tally.totals().outstanding).toBeLessThanOrEqual(60);
});

test('the same sentence in a row is told once', () => {
  const notes = createNotes();
  notes.add('a');
  notes.add('a');
  notes.add('b');
  expect(notes.latest.map(({ text }) => text)).toEqual(['a', 'b']);
});
