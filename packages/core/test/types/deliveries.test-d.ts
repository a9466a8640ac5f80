import { expectTypeOf } from 'vitest';
import { channel, createClient, type Delivery, type DeliveryBase } from '../../src/index.ts';
import { chance, exchange, fifo, log, queue, unknown } from './transports.ts';

interface Order {
  readonly id: string;
}

const orders = channel<Order>('orders');
const group = 'billing';

const onQueue = createClient({ transport: queue });
const onExchange = createClient({ transport: exchange });
const onLog = createClient({ transport: log });
const onAny = createClient({ transport: unknown });
const onEither = createClient({ transport: chance ? queue : exchange });
const onBothWithLease = createClient({ transport: chance ? queue : fifo });

// The body is the channel's.
await onAny.consume(orders, { group }, ({ body }) => {
  expectTypeOf(body).toEqualTypeOf<Order>();
});

/** What a handler is given. */
type On<C> = C extends {
  readonly consume: (channel: never, options: never, handler: infer H) => unknown;
}
  ? H extends (delivery: infer D) => unknown
    ? D
    : never
  : never;

// extend is there where every member has leases.
await onQueue.consume(orders, {}, async (delivery) => delivery.extend(5_000));
await onBothWithLease.consume(orders, {}, async (delivery) => delivery.extend(5_000));
expectTypeOf<On<typeof onQueue>>().toHaveProperty('extend');
expectTypeOf<On<typeof onExchange>>().not.toHaveProperty('extend');
expectTypeOf<On<typeof onEither>>().not.toHaveProperty('extend');
expectTypeOf<On<typeof onAny>>().not.toHaveProperty('extend');

// position is there where every member can be read again.
await onLog.consume(orders, { group }, ({ position }) => {
  expectTypeOf(position).toEqualTypeOf<string>();
});
expectTypeOf<On<typeof onQueue>>().not.toHaveProperty('position');
expectTypeOf<On<typeof onAny>>().not.toHaveProperty('position');

// In batches and pulled.
await onQueue.consumeBatch(orders, { max: 5 }, async (deliveries) => {
  for (const delivery of deliveries) await delivery.extend(5_000);
});
for await (const delivery of onQueue.receive(orders, {})) await delivery.extend(5_000);
for await (const delivery of onExchange.receive(orders, { group })) {
  expectTypeOf(delivery.body).toEqualTypeOf<Order>();
  expectTypeOf(delivery).not.toHaveProperty('extend');
}

// A handler that assumes nothing fits every transport; one that does fits only those that have it.
async function handle(delivery: Delivery<Order>): Promise<void> {
  await delivery.ack();
  await delivery.retry({ delayMs: 5 });
  await delivery.reject('why');
}
async function base({ body }: DeliveryBase<{ readonly id: string }>): Promise<void> {
  await Promise.resolve(body.id);
}
async function leased(delivery: Delivery<Order, (typeof queue)['capabilities']>): Promise<void> {
  await delivery.extend(5);
}
for (const client of [onQueue, onBothWithLease]) await client.consume(orders, {}, handle);
for (const client of [onExchange, onLog, onAny, onEither]) {
  await client.consume(orders, { group }, handle);
  await client.consume(orders, { group }, base);
  // @ts-expect-error it needs a lease
  await client.consume(orders, { group }, leased);
}
await onQueue.consume(orders, {}, leased);
await onBothWithLease.consume(orders, {}, leased);
// @ts-expect-error the body is another one
await onQueue.consume(orders, {}, (_delivery: Delivery<{ readonly name: string }>) => undefined);

// Settling says how, and nothing else.
await onQueue.consume(orders, {}, async (delivery) => {
  // @ts-expect-error a reason is required
  await delivery.reject();
  expectTypeOf(delivery).not.toHaveProperty('nack');
  // @ts-expect-error nobody writes into a delivery
  delivery.id = 'other';
});
