import { bytes, type Channel, channel, createClient } from '@intermodal/core';
import { memoryTransport } from '@intermodal/memory';
import type { Contender } from '../bench.ts';
import { createBareQueue } from './bare-queue.ts';
import { byteBodies, type OrderBody, orderBodies } from './bodies.ts';
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

export const memoryBytes: Contender = overMemory(
  'core over memory',
  byteBodies,
  channel('bench', { codec: bytes }),
);

export const memoryJson: Contender = overMemory(
  'core over memory, JSON',
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
function overMemory<T>(name: string, bodies: Bodies<T>, orders: Channel<T>): Contender {
  return {
    name,
    async start() {
      const load = createLoad(bodies);
      const client = createClient({ transport: memoryTransport({ autoCreate: true }) });
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
