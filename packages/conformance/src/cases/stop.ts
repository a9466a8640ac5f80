import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { assertCode, eachOnce, gate, rejectsWith } from '../expect.ts';
import { publishSome } from './deliver.ts';

export const stop: readonly Case[] = [
  {
    name: 'stop waits for running handlers, settles them, and gives back the rest at once',
    rules: ['R12'],
    claims: { receive: [true], settle: ['message'], release: ['free', 'counted'] },
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 10);
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(() => hold.opened);
      const options = { concurrency: 2, prefetch: 6 };
      const consumer = await context.consume(context.client(), orders, handler, options);
      await context.eventually('six are held', () => {
        const { running, waiting } = consumer.stats();
        return running === 2 && running + waiting === 6;
      });
      const stopping = consumer.stop();
      const stoppedAt = context.now();
      const rest = context.journal();
      await context.consume(context.client(), orders, rest.handler());
      await context.eventually('the others were given back', () => rest.ids().length === 8);
      const { lease } = context.capabilities;
      const returned = Math.max(...rest.seen.map((seen) => seen.at)) - stoppedAt;
      if (lease)
        assert.ok(returned < context.times.leaseMs, 'they were left to the end of their lease');
      hold.open();
      assert.deepEqual(await stopping, { completed: 2, released: 4, abandoned: 0 });
      await consumer.done;
      await context.never('a handler got more after stop', () => journal.seen.length > 2);
      assert.equal(new Set([...journal.ids(), ...rest.ids()]).size, ids.length);
    },
  },
  {
    name: 'stop waits for running handlers, and nothing is lost for the next consumer',
    rules: ['R12'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 10);
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(() => hold.opened);
      const options = { concurrency: 2, prefetch: 6 };
      const consumer = await context.consume(context.client(), orders, handler, options);
      await context.eventually('two run', () => consumer.stats().running === 2);
      const stopping = consumer.stop();
      assert.equal(consumer.stop() instanceof Promise, true);
      await context.wait(20);
      hold.open();
      const report = await stopping;
      assert.equal(report.completed, 2);
      assert.equal(report.abandoned, 0);
      const rest = context.journal();
      await context.consume(context.client(), orders, rest.handler());
      await rest.covers(ids.filter((id) => !journal.ids().includes(id)));
      if (context.capabilities.duplicates === 'possible') return;
      assert.deepEqual(
        rest.ids().filter((id) => journal.ids().includes(id)),
        [],
        'a message that stop waited for came again',
      );
    },
  },
  {
    name: 'at its deadline stop aborts what still runs and counts it as abandoned; it comes again',
    rules: ['R12', 'R1'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 2);
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(() => hold.opened);
      const consumer = await context.consume(context.client(), orders, handler, { concurrency: 2 });
      await journal.covers(ids);
      const report = await consumer.stop({ deadlineMs: 100 });
      assert.deepEqual(report, { completed: 0, released: 0, abandoned: 2 });
      for (const { delivery } of journal.seen) assert.ok(delivery.signal.aborted);
      hold.open();
      const rest = context.journal();
      await context.consume(context.client(), orders, rest.handler());
      await eachOnce(context, rest, ids);
    },
  },
  {
    name: 'a deadline that is given later, and ends earlier, counts',
    rules: ['R12'],
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const hold = gate();
      const journal = context.journal();
      const consumer = await context.consume(
        client,
        orders,
        journal.handler(() => hold.opened),
      );
      await publishSome(context, orders, 1);
      await journal.reaches(1);
      const stopping = consumer.stop({ deadlineMs: 600_000 });
      await client.close({ deadlineMs: 100 });
      assert.equal((await stopping).abandoned, 1);
      hold.open();
    },
  },
  {
    name: 'a consumer that is stopped while it waits for messages keeps none of those that come then',
    rules: ['R12'],
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const consumer = await context.consume(client, orders, () => undefined);
      await context.wait(20);
      const stopping = consumer.stop();
      const during = await publishSome(context, orders, 5);
      await stopping;
      const stoppedAt = context.now();
      const after = await publishSome(context, orders, 5);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      // What it got before it was told to stop, its handler has done.
      const { acked } = consumer.stats();
      await journal.covers(after);
      await context.eventually(
        'all that it did not handle came',
        () => journal.ids().length >= during.length + after.length - acked,
      );
      if (!context.capabilities.lease) return;
      const last = Math.max(...journal.seen.map((seen) => seen.at));
      assert.ok(
        last - stoppedAt < context.times.leaseMs,
        'what a poll under way brought was left to the end of its lease',
      );
    },
  },
  {
    name: 'the signal of a consumer stops it, and its client can consume again',
    rules: ['R12'],
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const abort = new AbortController();
      const first = context.journal();
      const options = { signal: abort.signal };
      const consumer = await context.consume(client, orders, first.handler(), options);
      await first.covers(await publishSome(context, orders, 3));
      abort.abort();
      await context.within('the consumer to be done', consumer.done);
      const second = context.journal();
      await context.consume(client, orders, second.handler());
      await eachOnce(context, second, await publishSome(context, orders, 3));
      assert.equal(first.seen.length, 3);
    },
  },
  {
    name: 'a consumer that cannot go on rejects `done`',
    rules: ['R14'],
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const consumer = await context.consume(client, orders, () => undefined);
      const over = consumer.done.then(
        () => assert.fail('done resolved although nobody stopped the consumer'),
        (error: unknown) => error,
      );
      await context.crash(client);
      assertCode('done', await context.within('done to reject', over), 'closed', 'unavailable');
    },
  },
  {
    name: 'a consumer whose permission was withdrawn rejects `done` when it has to open again',
    rules: ['R14'],
    needs: ['deny', 'cut'],
    async run(context) {
      const orders = await context.channel();
      const consumer = await context.consume(context.client(), orders, () => undefined);
      const over = consumer.done.then(
        () => undefined,
        (error: unknown) => error,
      );
      await context.fault('deny')();
      await context.fault('cut')();
      assertCode('done', await context.within('done to reject', over), 'permission-denied');
    },
  },
  {
    name: 'without permission publish and consume say permission-denied, at once',
    rules: ['P5', 'R14'],
    needs: ['deny'],
    async run(context) {
      const orders = await context.channel();
      await context.fault('deny')();
      const client = context.client();
      await rejectsWith('publish', client.publish(orders, { n: 1 }), 'permission-denied');
      const consuming = context.consume(client, orders, () => undefined);
      await rejectsWith('consume', consuming, 'permission-denied');
    },
  },
];
