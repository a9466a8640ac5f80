import { setTimeout as sleep } from 'node:timers/promises';
import { startOwnBroker } from '@intermodal/brokers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LiveShop, openLiveShop } from '../src/live/live-shop.ts';
import { createOffers } from '../src/offers/index.ts';
import { createOwnOrders } from '../src/server/own-orders.ts';

const timeout = 180_000;
const charge = 'charge-order/charge-order';
const own: AsyncDisposable[] = [];

beforeAll(async () => {
  for (const name of ['rabbitmq', 'activemq', 'mosquitto']) {
    const broker = await startOwnBroker(name);
    own.push(broker);
    for (const [variable, value] of Object.entries(broker.environment)) vi.stubEnv(variable, value);
  }
}, timeout);

afterAll(async () => {
  for (const broker of own) await broker[Symbol.asyncDispose]();
});

function open(id: string): Promise<LiveShop> {
  const offer = createOffers().find((each) => each.id === id);
  if (offer === undefined) throw new Error(`there is no ${id}`);
  return openLiveShop({
    offer,
    make: createOwnOrders().next,
    note: (text) => process.stderr.write(`${id}: ${text}\n`),
  });
}

/** Places so many orders at once. */
function place({ intake }: LiveShop, count: number): void {
  const orders = createOwnOrders();
  const prefix = crypto.randomUUID();
  intake.add(
    Array.from({ length: count }, () => {
      const order = orders.next();
      return { ...order, orderId: `${prefix}-${order.orderId}` };
    }),
  );
}

async function until(shop: LiveShop, condition: () => boolean): Promise<void> {
  const givenUpAt = performance.now() + 90_000;
  while (!condition()) {
    if (performance.now() > givenUpAt)
      throw new Error(
        `it did not come to ${String(condition)}: ${JSON.stringify(shop.tally.totals())}`,
      );
    await sleep(50);
  }
}

const ids = createOffers().map(({ id }) => id);

test.each(ids)(
  'on %s dead letters are told, and come back by redrive',
  async (id) => {
    await using shop = await open(id);
    place(shop, 20);
    await until(shop, () => shop.counts.orders === 20 && shop.tally.totals().outstanding === 0);
    shop.faults.set(charge, 'reject');
    place(shop, 20);
    await until(shop, () => shop.tally.readers.get(charge)?.deadLettered === 20);
    shop.faults.heal();
    expect(await shop.redrive()).toBe(20);
    await until(shop, () => shop.tally.totals().published === 240);
    await until(shop, () => shop.tally.totals().outstanding === 0);
    expect(shop.tally.totals()).toMatchObject({ lost: 0, deadLettered: 0, unexpected: 0 });
  },
  timeout,
);

test.each(['fauxqs', 'fauxqs-fifo', 'kinesis-local', 'aedes', 'memory-log'])(
  'on %s orders go on after the broker was killed and started again',
  async (id) => {
    await using shop = await open(id);
    place(shop, 40);
    await until(shop, () => shop.counts.orders === 40);
    await shop.broker.kill();
    place(shop, 20);
    await shop.broker.restart();
    await until(shop, () => shop.counts.orders === 60);
    const { broker } = shop.leg.station;
    if (broker?.forgets === 'nothing')
      await until(shop, () => shop.tally.totals().published === 360);
    const shipped = (): number => shop.tally.deliveredTo.get('ship-order/ship-order') ?? 0;
    // What came while nobody had subscribed yet may be lost; what comes from now on is not.
    const before = shipped();
    place(shop, 20);
    await until(shop, () => shop.counts.orders === 80);
    await until(shop, () => shipped() >= before + 20);
    if (broker?.forgets !== 'nothing') return;
    await until(shop, () => shop.tally.totals().outstanding === 0);
    expect(shop.tally.totals()).toMatchObject({ published: 480, lost: 0, unexpected: 0 });
  },
  timeout,
);
