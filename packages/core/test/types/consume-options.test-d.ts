import { channel, createClient } from '../../src/index.ts';
import { chance, exchange, fifo, log, queue, unknown } from './transports.ts';

const orders = channel<{ readonly id: string }>('orders');
const handler = (): void => undefined;

const onQueue = createClient({ transport: queue });
const onExchange = createClient({ transport: exchange });
const onLog = createClient({ transport: log });
const onAny = createClient({ transport: unknown });
const onEither = createClient({ transport: chance ? queue : exchange });

// What every transport takes.
const everywhere = {
  concurrency: 4,
  prefetch: 8,
  handlerTimeoutMs: 1_000,
  retry: { maxAttempts: 3, delayMs: (attempt: number) => attempt },
  localRetryMaxMs: 5,
  deadLetter: { transport: queue, address: 'elsewhere' },
  checkpointMs: 5,
  unsettledWarningMs: 5,
  signal: AbortSignal.abort(),
};
await onQueue.consume(orders, everywhere, handler);
await onExchange.consume(orders, { ...everywhere, group: 'billing' }, handler);

// group: always allowed, required as soon as one has many.
await onQueue.consume(orders, {}, handler);
await onQueue.consume(orders, { group: 'billing' }, handler);
await onExchange.consume(orders, { group: 'billing' }, handler);
await onEither.consume(orders, { group: 'billing' }, handler);
await onAny.consume(orders, { group: 'billing' }, handler);
// @ts-expect-error an exchange has many groups
await onExchange.consume(orders, {}, handler);
// @ts-expect-error one of the two has many groups
await onEither.consume(orders, {}, handler);
// @ts-expect-error it may have many groups
await onAny.consume(orders, {}, handler);
// @ts-expect-error nothing does not stand for the group
await onExchange.consume(orders, { group: undefined }, handler);

// leaseMs
await onQueue.consume(orders, { leaseMs: 5_000 }, handler);
await createClient({ transport: chance ? queue : fifo }).consume(
  orders,
  { leaseMs: 5_000 },
  handler,
);
// @ts-expect-error an exchange has no lease
await onExchange.consume(orders, { group: 'billing', leaseMs: 5_000 }, handler);
// @ts-expect-error one of the two has none
await onEither.consume(orders, { group: 'billing', leaseMs: 5_000 }, handler);
// @ts-expect-error nothing is known
await onAny.consume(orders, { group: 'billing', leaseMs: 5_000 }, handler);

// from
await onLog.consume(orders, { group: 'billing', from: 'earliest' }, handler);
await onLog.consume(orders, { group: 'billing', from: new Date() }, handler);
await onLog.consume(orders, { group: 'billing', from: { position: '7' } }, handler);
// @ts-expect-error there is no such place
await onLog.consume(orders, { group: 'billing', from: 'newest' }, handler);
// @ts-expect-error a queue cannot be read again
await onQueue.consume(orders, { from: 'earliest' }, handler);
const onLogOrNot = createClient({ transport: chance ? log : exchange });
// @ts-expect-error one of the two cannot
await onLogOrNot.consume(orders, { group: 'billing', from: 'latest' }, handler);

// The same in batches and pulled.
await onQueue.consumeBatch(orders, { max: 10, leaseMs: 5 }, handler);
await onQueue.consumeBatch(orders, { max: 10, waitMs: 5 }, handler);
// @ts-expect-error a batch has a size
await onQueue.consumeBatch(orders, {}, handler);
// @ts-expect-error an exchange has no lease
await onExchange.consumeBatch(orders, { max: 10, group: 'billing', leaseMs: 5 }, handler);
onQueue.receive(orders, { prefetch: 5, leaseMs: 5 });
// @ts-expect-error an exchange has many groups
onExchange.receive(orders, { prefetch: 5 });
// @ts-expect-error an exchange has no lease
onExchange.receive(orders, { group: 'billing', leaseMs: 5 });

// What no transport takes.
// @ts-expect-error there is no such option
await onQueue.consume(orders, { visibilityTimeout: 5 }, handler);
// @ts-expect-error options come before the handler
await onQueue.consume(orders, handler);

// onFailure
await onLog.consume(orders, { group: 'billing', onFailure: 'block-shard' }, handler);
// @ts-expect-error there is no such way
await onLog.consume(orders, { group: 'billing', onFailure: 'drop' }, handler);
// @ts-expect-error a queue is no log
await onQueue.consume(orders, { onFailure: 'block-key' }, handler);
// @ts-expect-error it may be none
await onAny.consume(orders, { group: 'billing', onFailure: 'block-key' }, handler);
