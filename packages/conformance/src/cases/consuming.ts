import assert from 'node:assert/strict';
import { type Case, membersShare } from '../case.ts';
import { eachOnce, gate, rejectsWith, upTo } from '../expect.ts';
import type { TestDelivery } from '../test-client.ts';
import { publishSome } from './deliver.ts';

export const consuming: readonly Case[] = [
  {
    name: 'pause fetches nothing, keeps its place, and may be said twice; so may resume',
    rules: ['R13'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const consumer = await context.consume(context.client(), orders, journal.handler());
      const before = await publishSome(context, orders, 5);
      await journal.covers(before);
      consumer.pause();
      consumer.pause();
      // A poll that was under way when pause came may still bring what it was asked for.
      await context.wait(context.times.quietMs);
      const during = await publishSome(context, orders, 5);
      await context.never('a paused consumer got a message', () => journal.ids().length > 5);
      consumer.resume();
      consumer.resume();
      await journal.covers(during);
      const after = await publishSome(context, orders, 5);
      await eachOnce(context, journal, [...before, ...during, ...after]);
    },
  },
  {
    name: 'what a paused consumer does not fetch is left to others',
    rules: ['R13'],
    claims: membersShare,
    async run(context) {
      const orders = await context.channel();
      const paused = context.journal();
      const consumer = await context.consume(context.client(), orders, paused.handler());
      await paused.covers(await publishSome(context, orders, 1));
      consumer.pause();
      await context.wait(context.times.quietMs);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const ids = await publishSome(context, orders, 20);
      const both = (): number => journal.ids().length + paused.ids().length - 1;
      await context.eventually('the other consumer got them', () => both() >= ids.length);
      assert.ok(paused.seen.length === 1, 'a paused consumer got a message');
    },
  },
  {
    name: 'handlers that run when pause comes finish, and their acks count',
    rules: ['R13'],
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(() => hold.opened);
      const consumer = await context.consume(context.client(), orders, handler);
      const ids = await publishSome(context, orders, 3);
      await journal.covers(ids);
      consumer.pause();
      hold.open();
      await context.eventually('all were acked', () => consumer.stats().acked === 3);
      consumer.resume();
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'pulled deliveries are settled by their reader; leaving the loop gives back the rest',
    rules: ['R12', 'R8'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 10);
      const reader = context.client();
      const acked: string[] = [];
      const reading = (async (): Promise<void> => {
        for await (const delivery of reader.receive(orders, context.consumeOptions())) {
          acked.push(delivery.id);
          await delivery.ack();
          if (acked.length === 4) return;
        }
      })();
      await context.within('four deliveries to be read', reading);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const rest = ids.filter((id) => !acked.includes(id));
      await journal.covers(rest);
      if (context.capabilities.duplicates === 'possible') return;
      if (context.capabilities.settle === 'watermark') return;
      await context.never('an acked message came again', () => journal.ids().length > rest.length);
    },
  },
  {
    name: 'a batch handler gets up to max, waits for more, and its return acks all',
    rules: ['R8'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const sizes: number[] = [];
      const options = { ...context.consumeOptions({ prefetch: 20 }), max: 5, waitMs: 50 };
      const consumer = await context.client().consumeBatch(orders, options, (deliveries) => {
        sizes.push(deliveries.length);
        for (const delivery of deliveries) journal.add(delivery);
      });
      const ids = await publishSome(context, orders, 23);
      await eachOnce(context, journal, ids);
      assert.ok(Math.max(...sizes) <= 5, 'a batch was larger than max');
      assert.ok(Math.max(...sizes) > 1, 'batches must hold more than one where more are waiting');
      await context.eventually('all were acked', () => consumer.stats().acked >= ids.length);
    },
  },
  {
    name: 'in a batch each delivery can be settled by itself, and a throw retries only the others',
    rules: ['R9', 'R5'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const options = {
        ...context.consumeOptions({ prefetch: 20, retry: { delayMs: () => 20 } }),
        max: 4,
      };
      const consumer = await context.client().consumeBatch(orders, options, async (deliveries) => {
        const first = deliveries.filter((delivery) => delivery.attempt === 1);
        for (const delivery of deliveries) journal.add(delivery);
        // A broker may bring some again beside others that are new.
        for (const delivery of deliveries) if (delivery.attempt > 1) await delivery.ack();
        if (first.length === 0) return;
        await first[0]?.ack();
        throw new Error('the others fail');
      });
      const ids = await publishSome(context, orders, 12);
      await context.eventually('all were acked', () => consumer.stats().acked === ids.length);
      await context.never('one was acked twice', () => consumer.stats().acked > ids.length);
      for (const id of ids) {
        const count = journal.of(id).length;
        assert.ok(
          count === 1 || count === 2,
          'a delivery came another time than its settlement says',
        );
      }
    },
  },
  {
    name: 'a repeated delivery says so',
    rules: ['R1', 'R9'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler((delivery) => {
        if (delivery.attempt === 1) throw new Error('once');
      });
      const retry = { delayMs: () => 10 };
      await context.consume(context.client(), orders, handler, { retry });
      const [id = ''] = await publishSome(context, orders, 1);
      await context.eventually('it came again', () => journal.of(id).length >= 2);
      const [first, second] = journal.of(id);
      assert.deepEqual([first?.attempt, second?.attempt], [1, 2]);
      assert.deepEqual([first?.redelivered, second?.redelivered], [false, true]);
    },
  },
  {
    name: 'what a handler changes in a delivery does not show in the next attempt',
    rules: ['R9'],
    async run(context) {
      const orders = await context.channel();
      const bodies: string[] = [];
      const handler = (delivery: TestDelivery): void => {
        bodies.push(JSON.stringify(delivery.body));
        if (delivery.attempt > 1) return;
        (delivery.body as { n: number }).n = 666;
        throw new Error('after a change');
      };
      const retry = { delayMs: () => 10 };
      await context.consume(context.client(), orders, handler, { retry });
      await context.client().publish(orders, { n: 7 });
      await context.eventually('it came again', () => bodies.length >= 2);
      assert.deepEqual(bodies, ['{"n":7}', '{"n":7}']);
    },
  },
  {
    name: 'a handler that never settles is reported with where its consumer was started',
    rules: ['R14'],
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      const options = { unsettledWarningMs: 200 };
      await context.consume(context.client(), orders, () => hold.opened, options);
      const [id = ''] = await publishSome(context, orders, 1);
      const reports = (): string[] =>
        context.telemetry.flatMap((event) =>
          event.type === 'unsettled' && event.id === id ? [event.origin] : [],
        );
      await context.eventually('it was reported', () => reports().length > 0);
      hold.open();
      assert.ok(
        reports()[0]?.includes('consum'),
        'the origin does not name what started the consumer',
      );
    },
  },
  {
    name: 'ten consumers that open and close at once leave a working channel',
    rules: ['R8', 'R12'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 40);
      const journal = context.journal();
      const visits = upTo(context.members(10)).map(async () => {
        const client = context.client();
        const consumer = await context.consume(client, orders, journal.handler());
        await consumer.stop();
        await client.close();
      });
      await Promise.all(visits);
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids);
      const closed = context.client();
      await closed.close();
      const consuming = context.consume(closed, orders, () => undefined);
      await rejectsWith('consume after close', consuming, 'closed');
    },
  },
];
