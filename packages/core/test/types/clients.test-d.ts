import { expectTypeOf } from 'vitest';
import {
  type Capabilities,
  channel,
  type Client,
  compositeTransport,
  createClient,
  type Publisher,
} from '../../src/index.ts';
import { type All, chance, deaf, exchange, fifo, log, queue, sqs, unknown } from './transports.ts';

expectTypeOf<All>().toEqualTypeOf<true>();

const orders = channel<{ readonly id: string }>('orders');
const keyed = channel<{ readonly id: string }>('orders', { order: 'key' });
const order = { id: 'a' };
const group = 'billing';

const onQueue = createClient({ transport: queue });
const onFifo = createClient({ transport: fifo });
const onExchange = createClient({ transport: exchange });
const onLog = createClient({ transport: log });
const onDeaf = createClient({ transport: deaf });
const onAny = createClient({ transport: unknown });
const onEither = createClient({ transport: chance ? queue : exchange });
const onDeafOrNot = createClient({ transport: chance ? deaf : queue });

// Code that takes a plain Client takes every one that can receive.
async function useClient(client: Client): Promise<void> {
  await client.publish(orders, order, { key: 'k' });
  await client.consume(orders, { group }, async (delivery) => delivery.ack());
  await client.backlog(orders, { group });
  await client.redrive(orders, { group, maxPerSecond: 5 });
}
for (const client of [onQueue, onFifo, onExchange, onLog, onAny, onEither]) await useClient(client);
// @ts-expect-error it cannot receive
await useClient(onDeaf);
// @ts-expect-error it may not be able to receive
await useClient(onDeafOrNot);

// Code that takes a Publisher takes every client.
async function usePublisher(publisher: Publisher): Promise<void> {
  await publisher.publish(orders, order);
  await publisher.provision([orders], { groups: [group] });
  await publisher.check(orders);
  await publisher.close({ deadlineMs: 5 });
}
const all = [onQueue, onFifo, onExchange, onLog, onDeaf, onAny, onEither, onDeafOrNot];
for (const client of all) await usePublisher(client);

// A transport that cannot receive has none of it.
// @ts-expect-error it only publishes
void onDeaf.consume;
// @ts-expect-error it only publishes
void onDeaf.receive;
// @ts-expect-error one of the two only publishes
void onDeafOrNot.consume;
await onDeafOrNot.publish(orders, order);

// Code that asks for more takes only what has it.
async function later(client: Client<Capabilities & { readonly delay: true }>): Promise<void> {
  await client.publish(orders, order, { delayMs: 5 });
}
await later(onQueue);
await later(onExchange);
await later(onEither);
// @ts-expect-error FIFO has no delay
await later(onFifo);
// @ts-expect-error nothing is known
await later(onAny);
async function later2(
  publisher: Publisher<Capabilities & { readonly delay: true }>,
): Promise<void> {
  await publisher.publish(orders, order, { delayMs: 5 });
}
await later2(onQueue);
// @ts-expect-error it has no delay
await later2(onDeaf);
async function inOrder(client: Client<Capabilities & { readonly order: 'key' }>): Promise<void> {
  await client.publish(keyed, order, { key: 'k' });
}
await inOrder(onFifo);
await inOrder(onLog);
// @ts-expect-error a standard queue keeps no order
await inOrder(onQueue);

// require narrows at run time, and the compiler follows.
const delaying = onAny.require({ delay: true });
await delaying.publish(orders, order, { delayMs: 5 });
// @ts-expect-error that was not asked for
await delaying.publish(orders, order, { ttlMs: 5 });
await onAny.require({ order: 'key' }).publish(keyed, order, { key: 'k' });
const more = onAny.require({ lease: true, replay: true, groups: 'single' });
await more.consume(orders, { leaseMs: 5, from: 'earliest' }, async (delivery) => {
  await delivery.extend(5);
  return void delivery.position;
});
// @ts-expect-error there is no such capability
onAny.require({ speed: true });
// @ts-expect-error there is no such order
onAny.require({ order: 'total' });

// A channel that needs order is refused where there is none, whatever is done with it.
await onFifo.publish(keyed, order);
await onFifo.provision([orders, keyed]);
// @ts-expect-error a standard queue keeps no order
await onQueue.publish(keyed, order);
// @ts-expect-error a standard queue keeps no order
await onQueue.publishMany(keyed, [{ body: order }]);
// @ts-expect-error a standard queue keeps no order
await onQueue.consume(keyed, {}, () => undefined);
// @ts-expect-error a standard queue keeps no order
onQueue.receive(keyed, {});
// @ts-expect-error a standard queue keeps no order
await onQueue.provision([orders, keyed]);
// @ts-expect-error it may keep none
await createClient({ transport: sqs({ fifo: chance }) }).publish(keyed, order);
// @ts-expect-error nothing is known
await onAny.publish(keyed, order);

// A composite can do what both can.
const both = compositeTransport({ first: queue, second: fifo, side: () => 'first' });
const onBoth = createClient({ transport: both });
await onBoth.consume(orders, { leaseMs: 5 }, async (delivery) => delivery.extend(5));
// @ts-expect-error FIFO has no delay
await onBoth.publish(orders, order, { delayMs: 5 });
// @ts-expect-error a standard queue keeps no order
await onBoth.publish(keyed, order);
const withDelay = compositeTransport({ first: queue, second: exchange, side: () => 'second' });
await createClient({ transport: withDelay }).publish(orders, order, { delayMs: 5 });
const halfDeaf = createClient({
  transport: compositeTransport({ first: queue, second: deaf, side: () => 'first' }),
});
// @ts-expect-error one of the two only publishes
void halfDeaf.consume;
