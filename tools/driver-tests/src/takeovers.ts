import { startOwnBroker } from '@intermodal/brokers';
import { type Capabilities, channel, createClient, type Transport } from '@intermodal/core';
import { expect } from 'vitest';
import type { Host } from './connecting.ts';

const keys = 50;

/** Both hosts are in one URL. */
function hostsOf(url: string | undefined): Host[] {
  const [, list = ''] = /@([^/]+)/.exec(url ?? '') ?? [];
  return list.split(',').map((each) => {
    const [host = '', port] = each.split(':');
    return { host, port: Number(port) };
  });
}

/** Of two ActiveMQ that share a store each is killed once: all that was confirmed is handled, each key in its order. */
export async function expectTakeovers(
  protocol: 'MQTT' | 'STOMP',
  messages: number,
  transportTo: (hosts: Host[]) => Transport<Capabilities & { readonly order: 'key' }>,
): Promise<void> {
  await using pair = await startOwnBroker('activemq-pair');
  const hosts = hostsOf(pair.environment[`INTERMODAL_ACTIVEMQ_PAIR_${protocol}_URL`]);
  expect(hosts).toHaveLength(2);
  const orders = channel<{ readonly key: string; readonly n: number }>('orders', {
    order: 'key',
  });
  await using publisher = createClient({ transport: transportTo(hosts) });
  await using consumer = createClient({ transport: transportTo(hosts) });
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
}
