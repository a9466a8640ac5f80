import { channel, createClient } from '../../src/index.ts';
import { chance, exchange, fifo, log, queue, sqs, unknown } from './transports.ts';

const orders = channel<{ readonly id: string }>('orders');
const order = { id: 'a' };

const onQueue = createClient({ transport: queue });
const onFifo = createClient({ transport: fifo });
const onExchange = createClient({ transport: exchange });
const onAny = createClient({ transport: unknown });
const onEither = createClient({ transport: chance ? queue : fifo });
const onBothWithDelay = createClient({ transport: chance ? queue : exchange });

// What every transport takes.
const everywhere = {
  key: 'k',
  headers: { a: 'b' },
  id: 'i',
  signal: AbortSignal.abort(),
  timeoutMs: 5,
};
await onQueue.publish(orders, order, everywhere);
await onAny.publish(orders, order, { ...everywhere, headers: new Map([['a', 'b']]) });
await onAny.publish(orders, order);
await onAny.publish(orders, order, {});

// delayMs
await onQueue.publish(orders, order, { delayMs: 5 });
await onQueue.publish(orders, order, { delayMs: undefined });
await onExchange.publish(orders, order, { delayMs: 5 });
await onBothWithDelay.publish(orders, order, { delayMs: 5 });
// @ts-expect-error FIFO has no delay
await onFifo.publish(orders, order, { delayMs: 5 });
await onFifo.publish(orders, order, { delayMs: undefined });
// @ts-expect-error one of the two has none
await onEither.publish(orders, order, { delayMs: 5 });
// @ts-expect-error nothing is known
await onAny.publish(orders, order, { delayMs: 5 });

// ttlMs
await onExchange.publish(orders, order, { ttlMs: 5 });
// @ts-expect-error a queue has no time to live
await onQueue.publish(orders, order, { ttlMs: 5 });
// @ts-expect-error one of the two has none
await onBothWithDelay.publish(orders, order, { ttlMs: 5 });

// priority
await onExchange.publish(orders, order, { priority: 5 });
// @ts-expect-error a queue has no priority
await onQueue.publish(orders, order, { priority: 5 });
// @ts-expect-error it is a number
await onExchange.publish(orders, order, { priority: 'high' });

// dedupeId
await onFifo.publish(orders, order, { dedupeId: 'x' });
// @ts-expect-error a standard queue drops no repeats
await onQueue.publish(orders, order, { dedupeId: 'x' });
// @ts-expect-error one of the two drops none
await onEither.publish(orders, order, { dedupeId: 'x' });

// The same in publishMany.
await onQueue.publishMany(orders, [
  { body: order, delayMs: 5 },
  { body: order, key: 'k' },
]);
// @ts-expect-error FIFO has no delay
await onFifo.publishMany(orders, [{ body: order, delayMs: 5 }]);
// @ts-expect-error each has a body
await onFifo.publishMany(orders, [{ key: 'k' }]);

// What no transport takes.
// @ts-expect-error there is no such option
await onQueue.publish(orders, order, { delaySeconds: 5 });
// @ts-expect-error header values are strings
await onQueue.publish(orders, order, { headers: { a: 5 } });

// Options of a factory decide.
await createClient({ transport: sqs({}) }).publish(orders, order, { delayMs: 5 });
await createClient({ transport: sqs({ fifo: false }) }).publish(orders, order, { delayMs: 5 });
await createClient({ transport: sqs({ fifo: true }) }).publish(orders, order, { dedupeId: 'x' });
// @ts-expect-error FIFO has no delay
await createClient({ transport: sqs({ fifo: true }) }).publish(orders, order, { delayMs: 5 });
// @ts-expect-error it may be FIFO
await createClient({ transport: sqs({ fifo: chance }) }).publish(orders, order, { delayMs: 5 });
// @ts-expect-error it may not be FIFO
await createClient({ transport: sqs({ fifo: chance }) }).publish(orders, order, { dedupeId: 'x' });
// @ts-expect-error a log has no delay
await createClient({ transport: log }).publish(orders, order, { delayMs: 5 });
