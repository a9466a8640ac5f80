import { setTimeout } from 'node:timers/promises';
import { awsClientOptions, startOwnBroker } from '@intermodal/brokers';
import { createClient } from '@intermodal/core';
import { firehoseTransport } from '@intermodal/firehose';
import { type Child, startChild } from '../child-process.ts';
import { type Ending, runExample, type Stage } from '../run-example.ts';
import { transportOf } from '../transport.ts';
import type { ArchivistReport } from './archivist.ts';
import { type Archived, createBucket } from './bucket.ts';
import { archive, group, maxAttempts, type Order, orders } from './orders.ts';

const count = 500;
const dieAfter = 200;
const patienceMs = 60_000;

await runExample(async ({ url, interrupted, note }: Stage): Promise<Ending> => {
  await using aws = await startOwnBroker('moto');
  const endpoint = aws.environment['INTERMODAL_MOTO_ENDPOINT'] ?? '';
  const bucket = await createBucket(endpoint);
  const client = createClient({ transport: await transportOf(url) });
  await client.provision([orders], { groups: [group], maxAttempts });
  await using firehose = createClient({
    transport: firehoseTransport({
      ...awsClientOptions('moto', {}, endpoint),
      provisioning: () => bucket.destination,
    }),
  });
  await firehose.provision([archive]);

  const archived = new Set<string>();
  let died = 0;
  let ending = false;
  let archivist = startArchivist([`${dieAfter}`]);

  /** As a supervisor of services does: one that is gone is started again. */
  function startArchivist(more: readonly string[] = []): Child {
    const args = [url, endpoint, ...more];
    const child = startChild(new URL('archivist.ts', import.meta.url), args, (report) => {
      archived.add((report as ArchivistReport).id);
    });
    note(`archivist ${child.pid} started`);
    void child.gone.then(() => {
      if (ending) return;
      note(`archivist ${child.pid} died; ${archived.size} orders are archived`);
      died += 1;
      archivist = startArchivist();
    });
    return child;
  }

  async function untilArchived(ids: readonly string[]): Promise<void> {
    const since = performance.now();
    while (ids.some((id) => !archived.has(id)) && performance.now() - since < patienceMs)
      await setTimeout(50, undefined, { signal: interrupted });
  }

  /** What the one that died held comes again once its lease has ended. */
  async function untilForgotten(): Promise<void> {
    const since = performance.now();
    while (performance.now() - since < patienceMs) {
      const { ready, inFlight, delayed } = await client.backlog(orders, { group });
      if (ready + inFlight + delayed === 0) return;
      await setTimeout(100, undefined, { signal: interrupted });
    }
  }

  try {
    const placed = await placeOrders((order) => client.publish(orders, order, { id: order.id }));
    note(`${placed.size} orders are confirmed`);
    await untilArchived([...placed.keys()]);
    await untilForgotten();
    ending = true;
    await archivist.stop();
    const audit = compare(placed, await bucket.read());
    return {
      ok: audit.missing + audit.altered + audit.unexpected === 0,
      figures: {
        example: 'order-archive',
        transport: client.transport,
        orders: placed.size,
        ...audit,
        archivistsDied: died,
      },
    };
  } finally {
    ending = true;
    await archivist.stop();
    await client.close();
    bucket.close();
  }
});

/** Resolves with those that are confirmed, by their ids. */
async function placeOrders(
  publish: (order: Order) => Promise<unknown>,
): Promise<ReadonlyMap<string, Order>> {
  const run = crypto.randomUUID();
  const all = Array.from({ length: count }, (_, n): Order => {
    return { id: `${run}-${n}`, customer: `customer-${n % 40}`, totalCents: 100 + n };
  });
  const confirmed = new Map<string, Order>();
  await Promise.all(
    all.map(async (order) => {
      await publish(order);
      confirmed.set(order.id, order);
    }),
  );
  return confirmed;
}

/** The bucket compared with what was confirmed, order by order. */
function compare(
  placed: ReadonlyMap<string, Order>,
  found: readonly Archived[],
): Readonly<Record<'lines' | 'missing' | 'altered' | 'unexpected' | 'repeated', number>> {
  const ids = new Set(found.map(({ id }) => id));
  const isAltered = ({ id, order }: Archived): boolean =>
    placed.has(id) && JSON.stringify(order) !== JSON.stringify(placed.get(id));
  return {
    lines: found.length,
    missing: [...placed.keys()].filter((id) => !ids.has(id)).length,
    altered: found.filter(isAltered).length,
    unexpected: [...ids].filter((id) => !placed.has(id)).length,
    repeated: found.length - ids.size,
  };
}
