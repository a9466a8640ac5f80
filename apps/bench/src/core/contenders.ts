import { bytes, type Channel, channel, type Client, createClient } from '@intermodal/core';
import { memoryTransport } from '@intermodal/memory';
import type { Contender } from '../bench.ts';
import { createBareQueue } from './bare-queue.ts';
import { byteBodies, type OrderBody, orderBodies } from './bodies.ts';
import { leastTransport } from './least-transport.ts';
import { type Bodies, createLoad } from './load.ts';

const concurrency = 100;

/** Bodies go through as they are. */
export const bareBytes: Contender = bare(
  'bare queue',
  byteBodies,
  (body) => body,
  (body) => body,
);

/** Encoded and decoded as core does it, so that the difference is not JSON. */
export const bareJson: Contender = bare(
  'bare queue, JSON',
  orderBodies,
  (body) => JSON.stringify(body),
  (text) => JSON.parse(text) as OrderBody,
);

export const memoryBytes: Contender = through(
  'core over memory',
  () => createClient({ transport: memoryTransport({ autoCreate: true }) }),
  byteBodies,
  channel('bench', { codec: bytes }),
);

export const memoryJson: Contender = through(
  'core over memory, JSON',
  () => createClient({ transport: memoryTransport({ autoCreate: true }) }),
  orderBodies,
  channel<OrderBody>('bench'),
);

/** What of it is core. */
export const leastBytes: Contender = through(
  'core over the least driver',
  () => createClient({ transport: leastTransport() }),
  byteBodies,
  channel('bench', { codec: bytes }),
);

export const leastJson: Contender = through(
  'core over the least driver, JSON',
  () => createClient({ transport: leastTransport() }),
  orderBodies,
  channel<OrderBody>('bench'),
);

function bare<T, E>(
  name: string,
  bodies: Bodies<T>,
  encode: (body: T) => E,
  decode: (encoded: E) => T,
): Contender {
  return {
    name,
    start() {
      const load = createLoad(bodies);
      const queue = createBareQueue<E>(concurrency, async (delivery) => {
        load.handled(decode(delivery.body));
        await delivery.ack();
      });
      return Promise.resolve({
        run: (messages, probe) => load.run(messages, probe, (body) => queue.publish(encode(body))),
        stop: () => Promise.resolve(),
      });
    },
  };
}

/** Publish, handler, ack by its return. */
function through<T>(
  name: string,
  open: () => Client,
  bodies: Bodies<T>,
  orders: Channel<T>,
): Contender {
  return {
    name,
    async start() {
      const load = createLoad(bodies);
      const client = open();
      const consumer = await client.consume(orders, { group: 'bench', concurrency }, (delivery) => {
        load.handled(delivery.body);
        return Promise.resolve();
      });
      return {
        async run(messages, probe) {
          const before = consumer.stats().acked;
          await load.run(messages, probe, (body) => client.publish(orders, body));
          while (consumer.stats().acked - before < messages)
            await new Promise((resolve) => setImmediate(resolve));
        },
        stop: () => client.close(),
      };
    },
  };
}
