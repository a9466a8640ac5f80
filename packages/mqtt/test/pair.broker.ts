import { startOwnBroker } from '@intermodal/brokers';
import { channel, createClient } from '@intermodal/core';
import { expect, test } from 'vitest';
import { mqttTransport } from '../src/index.ts';

const messages = 10_000;
const keys = 50;

/** Both hosts are in one URL. */
function hostsOf(url: string | undefined): { host: string; port: number }[] {
  const [, list = ''] = /@([^/]+)/.exec(url ?? '') ?? [];
  return list.split(',').map((each) => {
    const [host = '', port] = each.split(':');
    return { host, port: Number(port) };
  });
}

test(
  'standbys take over: nothing that was confirmed is lost, and each key is in order',
  { timeout: 300_000 },
  async () => {
    await using pair = await startOwnBroker('activemq-pair');
    const hosts = hostsOf(pair.environment['INTERMODAL_ACTIVEMQ_PAIR_MQTT_URL']);
    expect(hosts).toHaveLength(2);
    const transport = () =>
      mqttTransport({
        broker: 'activemq',
        protocol: '3.1.1',
        hosts,
        credentials: { username: 'admin', password: 'admin' },
        keepAliveMs: 4_000,
      });
    const orders = channel<{ readonly key: string; readonly n: number }>('orders', {
      order: 'key',
    });
    await using publisher = createClient({ transport: transport() });
    await using consumer = createClient({ transport: transport() });
    await publisher.provision([orders], { groups: ['billing'] });

    const seen = new Map<string, number[]>();
    const handled = new Set<string>();
    let repeats = 0;
    await consumer.consume(
      orders,
      { group: 'billing', prefetch: 200, concurrency: 50 },
      ({ id, body }) => {
        if (handled.has(id)) repeats += 1;
        handled.add(id);
        const numbers = seen.get(body.key) ?? [];
        numbers.push(body.n);
        seen.set(body.key, numbers);
      },
    );

    const confirmed: string[] = [];
    const publishing = Array.from({ length: keys }, async (_, index) => {
      const key = `key-${index}`;
      for (let n = 0; n < messages / keys; n += 1) {
        const { id } = await publisher.publish(orders, { key, n }, { key, timeoutMs: 120_000 });
        confirmed.push(id);
      }
    });
    const fail = async (): Promise<void> => {
      await expect.poll(() => confirmed.length, { timeout: 120_000 }).toBeGreaterThan(messages / 4);
      await pair.kill('first');
      await expect.poll(() => confirmed.length, { timeout: 120_000 }).toBeGreaterThan(messages / 2);
      await pair.restart('first');
      await expect
        .poll(() => confirmed.length, { timeout: 120_000 })
        .toBeGreaterThan((messages * 3) / 4);
      await pair.kill('second');
    };
    await Promise.all([...publishing, fail()]);
    expect(confirmed).toHaveLength(messages);
    const missing = (): number => confirmed.filter((id) => !handled.has(id)).length;
    await expect.poll(missing, { timeout: 120_000, interval: 500 }).toBe(0);
    console.log(`${messages} confirmed, ${repeats} repeated`);
    for (const numbers of seen.values()) {
      // A repeat begins again from an earlier message; what is new comes in order.
      let next = 0;
      for (const n of numbers) {
        expect(n).toBeLessThanOrEqual(next);
        if (n === next) next += 1;
      }
      expect(next).toBe(messages / keys);
    }
  },
);
