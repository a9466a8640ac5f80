import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { upTo } from '../expect.ts';
import { publishSome } from './deliver.ts';

export const faults: readonly Case[] = [
  {
    name: 'what was confirmed survives a restart of the broker',
    rules: ['P11'],
    claims: { receive: [true], durable: [true] },
    needs: ['restart'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 50);
      await context.within('the broker to restart', context.fault('restart')());
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids);
    },
  },
  {
    name: 'what was held when the broker was killed comes back',
    rules: ['P11', 'R1'],
    claims: { receive: [true], durable: [true] },
    needs: ['restart'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 10);
      const journal = context.journal();
      const restarted = new AbortController();
      const handler = journal.handler(async (delivery) => {
        const { signal } = delivery;
        while (!restarted.signal.aborted && !signal.aborted) await context.wait(20);
      });
      const client = context.client();
      const consumer = await context.consume(client, orders, handler);
      await journal.reaches(5);
      await context.within('the broker to restart', context.fault('restart')());
      restarted.abort();
      await journal.covers(ids);
      await context.eventually('all were acked', () => consumer.stats().acked >= ids.length);
    },
  },
  {
    name: 'a restart in mid-traffic loses nothing that was confirmed, and traffic goes on',
    rules: ['F1', 'P11'],
    claims: { receive: [true], durable: [true] },
    needs: ['restart'],
    run: (context) =>
      trafficThrough(context, () =>
        context.within('the broker to restart', context.fault('restart')()),
      ),
  },
  {
    name: 'connections cut in mid-traffic lose nothing that was confirmed, and traffic goes on',
    rules: ['F2'],
    needs: ['cut'],
    run: (context) =>
      trafficThrough(context, async () => {
        await context.fault('cut')();
      }),
  },
  {
    name: 'after a broker that was silent for a while traffic goes on',
    rules: ['F2'],
    needs: ['freeze'],
    run: (context) =>
      trafficThrough(context, async () => {
        const thaw = await context.fault('freeze')();
        await context.wait(context.times.leaseMs * 2);
        await thaw();
      }),
  },
  {
    name: 'connections that fell silent for ever are found and replaced',
    rules: ['F2'],
    needs: ['blackhole'],
    run: (context) =>
      trafficThrough(context, async () => {
        await context.fault('blackhole')();
      }),
  },
  {
    name: 'an idle consumer whose connection was cut gets what comes later',
    rules: ['F2', 'R14'],
    needs: ['cut'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(await publishSome(context, orders, 1));
      for (const _ of upTo(3)) {
        await context.fault('cut')();
        await context.wait(50);
      }
      await journal.covers(await publishSome(context, orders, 5));
    },
  },
  {
    name: 'throttled publishes back off, and all succeed when throttling ends',
    rules: ['F4', 'P10'],
    needs: ['throttle'],
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      const first = await publisher.publish(orders, { n: -1 });
      const end = await context.fault('throttle')();
      const publishing = Promise.all(upTo(20).map((n) => publisher.publish(orders, { n })));
      publishing.catch(() => undefined);
      await context.wait(2_000);
      const refused = end();
      assert.ok(refused > 0, 'the fault refused nothing');
      // A publisher that doubles its delay from 50 ms tries each about six times in two seconds.
      assert.ok(refused <= 20 * 12, `${String(refused)} tries in two seconds are no back-off`);
      const ids = (await publishing).map((published) => published.id);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers([first.id, ...ids]);
    },
  },
];

/** Publishers and slow consumers at work, and the fault three times: all that was confirmed arrives. */
async function trafficThrough(context: Context, fault: () => Promise<void>): Promise<void> {
  const orders = await context.channel();
  const journal = context.journal();
  // Slower than the publishers, so that every fault finds messages that are stored and not handled.
  const handler = journal.handler(() => context.wait(20));
  const options = { concurrency: 2 };
  for (const _ of upTo(context.members(2))) {
    await context.consume(context.client(), orders, handler, options);
  }
  const publisher = context.client();
  const confirmed: string[] = [];
  const failures: unknown[] = [];
  const ended = new AbortController();
  const publishing = upTo(4).map(async (who) => {
    for (let n = 0; !ended.signal.aborted; n += 1) {
      try {
        const settings = { key: `key-${String(who)}`, timeoutMs: context.times.withinMs };
        confirmed.push((await publisher.publish(orders, { n }, settings)).id);
      } catch (error) {
        failures.push(error);
      }
      await context.wait(10);
    }
  });
  try {
    for (const _ of upTo(3)) {
      await context.wait(100);
      await fault();
    }
    const before = confirmed.length;
    await context.eventually('publishing goes on', () => confirmed.length >= before + 8);
  } finally {
    ended.abort();
  }
  await context.within('the publishers to end', Promise.all(publishing));
  assert.deepEqual(failures, [], 'a publish failed although the broker came back');
  await journal.covers(confirmed);
}
