import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { Case } from '../case.ts';
import { gate, rejectsWith, upTo } from '../expect.ts';
import { publishSome } from './deliver.ts';

export const lifecycle: readonly Case[] = [
  {
    name: 'a client may be closed before it did anything, and twice',
    rules: ['F5'],
    claims: { receive: [true, false] },
    async run(context) {
      const unused = context.client();
      await unused.close();
      await unused.close();
      const orders = await context.channel();
      const used = context.client();
      await used.publish(orders, { n: 1 });
      await Promise.all([used.close(), used.close()]);
      await rejectsWith('publish after close', used.publish(orders, { n: 2 }), 'closed');
      await rejectsWith('provision after close', used.provision([orders]), 'closed', 'unsupported');
      await rejectsWith('check after close', used.check(), 'closed');
    },
  },
  {
    name: 'close stops the consumers of the client, and `done` resolves',
    rules: ['R12', 'F5'],
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const journal = context.journal();
      const hold = gate();
      const handler = journal.handler(() => hold.opened);
      const consumer = await context.consume(client, orders, handler);
      const ids = await publishSome(context, orders, 2);
      await journal.covers(ids);
      const closing = client.close();
      await context.wait(20);
      hold.open();
      await closing;
      await context.within('the consumer to be done', consumer.done);
      assert.equal(consumer.stats().acked, 2, 'handlers that ran when close came were settled');
    },
  },
  {
    name: 'a consumer can be started again after it was stopped',
    rules: ['R12', 'R8'],
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const journal = context.journal();
      for (const _ of upTo(3)) {
        const consumer = await context.consume(client, orders, journal.handler());
        await journal.covers(await publishSome(context, orders, 2));
        await consumer.stop();
        await consumer.stop();
      }
      assert.equal(journal.ids().length, 6);
    },
  },
  {
    name: 'after close no timer, socket or listener is left',
    rules: ['F5'],
    async run(context) {
      const orders = await context.channel();
      await context.client().check(orders);
      const before = resources();
      const abort = new AbortController();
      const { signal } = abort;
      const client = context.client();
      const journal = context.journal();
      const failing = journal.handler((delivery) => {
        if (journal.isFirst(delivery)) throw new Error('once');
      });
      const retry = { delayMs: () => 10 };
      const consumer = await context.consume(client, orders, failing, { signal, retry });
      for (const n of upTo(10)) await client.publish(orders, { n }, { signal });
      await client.check(orders, { signal });
      await context.eventually('all were acked', () => consumer.stats().acked === 10);
      await client.close();
      assert.equal(getEventListeners(signal, 'abort').length, 0, 'listeners are left on a signal');
      assert.equal(context.timers(), 0, 'timers are left');
      const more = (): string[] => moreThan(before, resources());
      await context.eventually(
        'its sockets were closed',
        () => more().length === 0,
        () => more().join(),
      );
    },
  },
  {
    name: 'close leaves nothing behind while connections are being reopened',
    rules: ['F5', 'F2'],
    needs: ['cut'],
    async run(context) {
      const orders = await context.channel();
      const before = resources();
      const client = context.client();
      await context.consume(client, orders, () => undefined);
      await client.publish(orders, { n: 1 });
      await context.fault('cut')();
      await client.close({ deadlineMs: 1_000 });
      assert.equal(context.timers(), 0, 'timers are left');
      const more = (): string[] => moreThan(before, resources());
      await context.eventually(
        'its sockets were closed',
        () => more().length === 0,
        () => more().join(),
      );
    },
  },
];

/** What keeps a process alive besides timers, which each case counts by its clock. */
function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (!/Socket|TLS|Pipe|Server|Connect|Process|Http/i.test(name)) continue;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function moreThan(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string[] {
  return [...now].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name);
}
