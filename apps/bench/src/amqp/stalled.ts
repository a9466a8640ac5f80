import { amqpTransport } from '@intermodal/amqp';
import {
  clearMemoryAlarm,
  type OwnBroker,
  raiseMemoryAlarm,
  startOwnBroker,
} from '@intermodal/brokers';
import { channel, createClient, IntermodalError } from '@intermodal/core';
import type { Aim, Contender } from '../bench.ts';
import { type Order, orderOf } from '../sqs/orders.ts';

const loops = 1_000;
const publishTimeoutMs = 200;
const mostMb = 200;
const heapMb = 'max heap and buffers MB';
const orders = channel<Order>('stalled');
const group = 'bench';

interface Stall {
  readonly name: string;
  begin(broker: OwnBroker): Promise<void>;
  end(broker: OwnBroker): Promise<void>;
}

const stalls: readonly Stall[] = [
  {
    name: 'a broker without memory, which blocks who publishes',
    begin: (broker) => raiseMemoryAlarm(broker),
    end: (broker) => clearMemoryAlarm(broker),
  },
  {
    name: 'a broker that is stopped, and says nothing',
    begin: (broker) => broker.freeze(),
    end: (broker) => broker.thaw(),
  },
];

/** In vain, as long as the broker stalls; afterwards it must go on by itself. */
export const stalled: readonly Contender[] = stalls.map(({ name, begin, end }) => ({
  name,
  async start() {
    const broker = await startOwnBroker('rabbitmq');
    const { hostname, port } = new URL(broker.environment['INTERMODAL_RABBITMQ_URL'] ?? '');
    const hosts = [{ host: hostname, port: Number(port) }];
    const client = createClient({ transport: amqpTransport({ hosts }), publishTimeoutMs });
    await client.provision([orders], { groups: [group] });
    await client.publish(orders, orderOf(0), { timeoutMs: 30_000 });
    return {
      async run(attempts, probe) {
        const codes = new Map<string, number>();
        let started = 0;
        let most = 0;

        async function publish(order: Order): Promise<string> {
          try {
            await client.publish(orders, order);
            return 'published';
          } catch (error) {
            return IntermodalError.from(error).code;
          }
        }

        async function loop(): Promise<void> {
          while (started < attempts) {
            started += 1;
            const code = await publish(orderOf(started));
            codes.set(code, (codes.get(code) ?? 0) + 1);
          }
        }

        const watch = setInterval(() => {
          const { heapUsed, external } = process.memoryUsage();
          most = Math.max(most, heapUsed + external);
        }, 20);
        await begin(broker);
        await Promise.all(Array.from({ length: loops }, loop));
        clearInterval(watch);
        await end(broker);
        await client.publish(orders, orderOf(0), { timeoutMs: 60_000 });
        for (const [code, count] of codes) probe.note(code, count);
        probe.note(heapMb, most / 1_048_576);
        const settled = [...codes.values()].reduce((sum, count) => sum + count, 0);
        if (settled !== attempts)
          throw new Error(`not every attempt settled: ${JSON.stringify([...codes])}`);
      },
      async stop() {
        await client.close();
        await broker.stop();
      },
    };
  },
}));

export const stalledAims: readonly Aim[] = stalled.map(({ name }) => ({
  text: `${name}: heap and buffers below ${mostMb} MB throughout`,
  reached(result) {
    const most = result(name)?.notes?.[heapMb];
    return most === undefined
      ? undefined
      : { figure: `${most.toFixed(0)} MB`, enough: most < mostMb };
  },
}));
