import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { upTo } from '../expect.ts';
import type { Journal } from '../journal.ts';
import type { TestChannel, TestConsumeOptions } from '../test-client.ts';

const claims = { receive: [true], replay: [true], groups: ['many'] } as const;

export const replay: readonly Case[] = [
  {
    name: 'a new group starts at the earliest message, and reads each once',
    rules: ['L5', 'C1'],
    claims,
    async run(context) {
      const orders = await context.channel();
      await publishNumbers(context, orders, 0, 10);
      const journal = await readBy(context, orders, 'late', 'earliest');
      await exactly(context, journal, upTo(10));
    },
  },
  {
    name: 'a new group starts at the latest message',
    rules: ['L5'],
    claims,
    async run(context) {
      const orders = await context.channel();
      await publishNumbers(context, orders, 0, 5);
      const journal = await readBy(context, orders, 'late', 'latest');
      await context.never('a message from before came', () => journal.seen.length > 0);
      await publishNumbers(context, orders, 5, 10);
      await exactly(context, journal, [5, 6, 7, 8, 9]);
    },
  },
  {
    name: 'a new group starts at a time',
    rules: ['L5'],
    claims,
    async run(context) {
      const orders = await context.channel();
      await publishNumbers(context, orders, 0, 5);
      await context.wait(1_100);
      const since = new Date(context.now());
      await context.wait(1_100);
      await publishNumbers(context, orders, 5, 10);
      const journal = await readBy(context, orders, 'late', since);
      await exactly(context, journal, [5, 6, 7, 8, 9]);
    },
  },
  {
    name: 'a new group starts at the position of a delivery, that one included',
    rules: ['L5'],
    claims,
    async run(context) {
      const orders = await context.channel();
      await publishNumbers(context, orders, 0, 8);
      const first = await readBy(context, orders, 'first', 'earliest');
      await exactly(context, first, upTo(8));
      const fifth = first.seen.find((seen) => (seen.body as { n: number }).n === 4);
      const position = fifth?.delivery.position ?? '';
      assert.ok(position !== '', 'a delivery of a log has a position');
      const journal = await readBy(context, orders, 'second', { position });
      await exactly(context, journal, [4, 5, 6, 7]);
    },
  },
  {
    name: 'a group with a place of its own goes on there, whatever start it asks for',
    rules: ['L5', 'R8'],
    claims,
    async run(context) {
      const orders = await context.channel();
      await publishNumbers(context, orders, 0, 5);
      const client = context.client();
      const first = context.journal();
      const consumer = await context.consume(client, orders, first.handler(), { from: 'earliest' });
      await exactly(context, first, upTo(5));
      await consumer.stop();
      await publishNumbers(context, orders, 5, 8);
      for (const from of ['latest', 'earliest'] as const) {
        const journal = context.journal();
        const again = await context.consume(client, orders, journal.handler(), { from });
        await exactly(context, journal, from === 'latest' ? [5, 6, 7] : []);
        await again.stop();
      }
    },
  },
];

/** One after the other under one key, so that all lie in one lane. */
async function publishNumbers(
  context: Context,
  orders: TestChannel,
  from: number,
  to: number,
): Promise<void> {
  const publisher = context.client();
  for (const n of upTo(to).slice(from)) await publisher.publish(orders, { n }, { key: 'one-key' });
}

async function readBy(
  context: Context,
  orders: TestChannel,
  group: string,
  from: NonNullable<TestConsumeOptions['from']>,
): Promise<Journal> {
  const journal = context.journal();
  await context.consume(context.client(), orders, journal.handler(), { group, from });
  return journal;
}

async function exactly(
  context: Context,
  journal: Journal,
  numbers: readonly number[],
): Promise<void> {
  await context.eventually(
    `the messages ${numbers.join()} were read`,
    () => journal.seen.length >= numbers.length,
    () => `these were: ${journal.numbers().join()}`,
  );
  await context.never('more was read', () => journal.seen.length > numbers.length);
  assert.deepEqual(
    [...journal.numbers()].sort((left, right) => left - right),
    [...numbers],
  );
}
