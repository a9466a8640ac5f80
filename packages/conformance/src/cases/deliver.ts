import assert from 'node:assert/strict';
import { type Case, membersShare, severalMembers } from '../case.ts';
import type { Context } from '../context.ts';
import { eachOnce, gate, upTo } from '../expect.ts';
import type { TestChannel } from '../test-client.ts';

export const deliver: readonly Case[] = [
  {
    name: 'messages from before and after the start of a consumer arrive',
    rules: ['R8'],
    async run(context) {
      const orders = await context.channel();
      const before = await publishSome(context, orders, 10);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(before);
      const after = await publishSome(context, orders, 10);
      await eachOnce(context, journal, [...before, ...after]);
    },
  },
  {
    name: 'two channels are two streams',
    rules: ['R8'],
    async run(context) {
      const orders = await context.channel();
      const parcels = await context.channel();
      const client = context.client();
      const fromOrders = context.journal();
      const fromParcels = context.journal();
      await context.consume(client, orders, fromOrders.handler());
      await context.consume(client, parcels, fromParcels.handler());
      const ofOrders = await publishSome(context, orders, 20);
      const ofParcels = await publishSome(context, parcels, 20);
      await eachOnce(context, fromOrders, ofOrders);
      await eachOnce(context, fromParcels, ofParcels);
    },
  },
  {
    name: 'members of a group compete: together they get everything, each message once',
    rules: ['R8'],
    claims: severalMembers,
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      for (const name of ['one', 'two', 'three']) {
        await context.consume(context.client(), orders, journal.handler(undefined, name));
      }
      const ids = await publishSome(context, orders, 150);
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'every provisioned group gets every message, whether it was there or not',
    rules: ['R8', 'C1'],
    claims: { receive: [true], groups: ['many'] },
    async run(context) {
      const groups = ['alpha', 'beta', 'gamma'];
      const orders = await context.channel({ groups });
      const journals = new Map(groups.map((group) => [group, context.journal()]));
      const start = async (group: string): Promise<void> => {
        const handler = journals.get(group)?.handler() ?? (() => undefined);
        await context.consume(context.client(), orders, handler, { group });
      };
      for (const _ of upTo(context.members(2))) await start('alpha');
      await start('beta');
      const ids = await publishSome(context, orders, 60);
      await start('gamma');
      for (const [group, journal] of journals) {
        await eachOnce(context, journal, ids);
        for (const { delivery } of journal.seen) assert.equal(delivery.group, group);
      }
    },
  },
  {
    name: 'a provisioned group that does not say where to start misses nothing',
    rules: ['R8'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 10);
      const journal = context.journal();
      for (const _ of upTo(2)) {
        const options = { from: undefined };
        const consumer = await context.consume(
          context.client(),
          orders,
          journal.handler(),
          options,
        );
        await journal.covers(ids);
        await consumer.stop();
        ids.push(...(await publishSome(context, orders, 10)));
      }
      await context.consume(context.client(), orders, journal.handler(), { from: undefined });
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'an ack in one group leaves the message to the others',
    rules: ['R8', 'R9'],
    claims: { receive: [true], groups: ['many'] },
    async run(context) {
      const orders = await context.channel({ groups: ['alpha', 'beta'] });
      const [id = ''] = await publishSome(context, orders, 1);
      const done = context.journal();
      const failing = context.journal();
      const alpha = await context.consume(context.client(), orders, done.handler());
      await context.eventually('the first group acked', () => alpha.stats().acked === 1);
      const retry = { delayMs: () => 10 };
      const fail = failing.handler((delivery) => {
        if (delivery.attempt < 3) throw new Error('not yet');
      });
      const beta = await context.consume(context.client(), orders, fail, { group: 'beta', retry });
      await context.eventually('the second group acked', () => beta.stats().acked === 1);
      assert.ok(failing.of(id).length >= 3, 'the second group retries by itself');
      await eachOnce(context, done, [id]);
    },
  },
  {
    name: 'never more than prefetch deliveries are unsettled, and after them it goes on',
    rules: ['R7'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 20);
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(() => hold.opened);
      await context.consume(context.client(), orders, handler, { concurrency: 3, prefetch: 3 });
      await journal.reaches(3);
      await context.never('a fourth delivery came', () => journal.seen.length > 3);
      hold.open();
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'what lies beyond prefetch is left to other consumers',
    rules: ['R7'],
    claims: membersShare,
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 20);
      const hold = gate();
      const held = context.journal();
      const free = context.journal();
      const options = { concurrency: 2, prefetch: 5 };
      await context.consume(
        context.client(),
        orders,
        held.handler(() => hold.opened),
        options,
      );
      await held.reaches(2);
      await context.never('more handlers ran than concurrency', () => held.seen.length > 2);
      await context.consume(context.client(), orders, free.handler());
      await context.eventually(
        'another consumer got all that lay beyond prefetch',
        () => free.ids().length >= ids.length - 5,
        () => `it got ${String(free.ids().length)} of ${String(ids.length)}`,
      );
      hold.open();
      await context.eventually(
        'all were handled',
        () => held.ids().length + free.ids().length >= 20,
      );
    },
  },
  {
    name: 'concurrency can be changed while handlers run',
    rules: ['R7'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 12);
      let running = 0;
      let most = 0;
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(async () => {
        running += 1;
        most = Math.max(most, running);
        await hold.opened;
        running -= 1;
      });
      const options = { concurrency: 1, prefetch: 6 };
      const consumer = await context.consume(context.client(), orders, handler, options);
      await journal.reaches(1);
      await context.never('a second handler ran', () => most > 1);
      consumer.setConcurrency(4);
      await context.eventually('four handlers ran', () => running === 4);
      await context.never('a fifth handler ran', () => most > 4);
      hold.open();
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'check proves the configuration and consumes nothing',
    rules: ['R8'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 3);
      const checker = context.client();
      await checker.check();
      await checker.check(orders);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, ids);
      for (const seen of journal.seen) assert.equal(seen.attempt, 1);
    },
  },
];

export async function publishSome(
  context: Context,
  channel: TestChannel,
  count: number,
  keyOf?: (n: number) => string,
): Promise<string[]> {
  const publisher = context.client();
  const messages = upTo(count).map((n) => ({ body: { n }, key: keyOf?.(n) }));
  const outcomes = await publisher.publishMany(channel, messages);
  await publisher.close();
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw outcome.error;
    return outcome.id;
  });
}
