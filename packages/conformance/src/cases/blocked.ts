import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { upTo } from '../expect.ts';
import { numberOf } from '../journal.ts';
import type { TestDelivery } from '../test-client.ts';
import { publishSome } from './deliver.ts';

const log = { receive: [true], settle: ['watermark'] } as const;
const retry = { maxAttempts: 2, delayMs: (): number => 20 };
const byKey = (n: number): string => `key-${String(n % 4)}`;
const isOfFirstKey = (n: number): boolean => n % 4 === 0;

/** `onFailure`: a message of a log that may not become a dead letter. */
export const blocked: readonly Case[] = [
  {
    name: 'a message that blocks its key holds up no other, and a new owner begins with it',
    rules: ['L1', 'R9'],
    claims: log,
    async run(context) {
      const orders = await context.channel();
      const crashing = context.client();
      const held = context.journal();
      const handler = held.handler(({ body }) => {
        if (numberOf(body) === 0) throw new Error('not yet');
      });
      const options = { onFailure: 'block-key', retry, checkpointMs: 1, prefetch: 20 } as const;
      const consumer = await context.consume(crashing, orders, handler, options);
      const ids = await publishSome(context, orders, 12, byKey);
      await context.eventually('one blocks', () => consumer.stats().blocked === 1);
      const others = ids.filter((_, n) => !isOfFirstKey(n));
      await held.covers(others);
      const ofKey = (numbers: readonly number[]): number[] => numbers.filter(isOfFirstKey);
      await context.never('what follows it in its key was handled', () =>
        ofKey(held.numbers()).some((n) => n !== 0),
      );
      const { blocked: blocking, deadLettered } = consumer.stats();
      assert.deepEqual({ blocking, deadLettered }, { blocking: 1, deadLettered: 0 });
      await context.crash(crashing);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids.filter((_, n) => isOfFirstKey(n)));
      assert.deepEqual(ofKey(journal.numbers()), [0, 4, 8]);
    },
  },
  {
    name: 'what follows a message that blocks its shard waits, and goes on in order when it succeeds',
    rules: ['L1'],
    claims: log,
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      let isBroken = true;
      const handler = (delivery: TestDelivery): void => {
        if (isBroken && numberOf(delivery.body) === 0) throw new Error('not yet');
        journal.add(delivery);
      };
      const options = { onFailure: 'block-shard', retry, checkpointMs: 1 } as const;
      const consumer = await context.consume(context.client(), orders, handler, options);
      const first = await publishSome(context, orders, 1, byKey);
      await context.eventually('one blocks', () => consumer.stats().blocked === 1);
      const publisher = context.client();
      const rest: string[] = [];
      for (const n of [4, 8]) {
        rest.push((await publisher.publish(orders, { n }, { key: byKey(n) })).id);
      }
      await context.never('what follows it was handled', () => journal.seen.length > 0);
      isBroken = false;
      await journal.covers([...first, ...rest]);
      assert.deepEqual(journal.numbers(), [0, 4, 8]);
      await context.eventually('nothing blocks', () => consumer.stats().blocked === 0);
      assert.equal(consumer.stats().deadLettered, 0);
    },
  },
  {
    name: 'a handler of batches gets what blocks alone, so that nothing else fails with it',
    rules: ['R9'],
    claims: log,
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const sharing: number[] = [];
      let isBlocked = (): boolean => false;
      // Tried again sooner than a batch waits to be full: it would be in each.
      const settings = { onFailure: 'block-key', retry: { ...retry, delayMs: () => 1 } } as const;
      const options = {
        ...context.consumeOptions({ prefetch: 20 }),
        ...settings,
        max: 10,
        waitMs: 50,
      };
      const consumer = await context.client().consumeBatch(orders, options, (deliveries) => {
        const numbers = deliveries.map(({ body }) => numberOf(body));
        if (numbers.includes(0)) {
          if (isBlocked()) sharing.push(...numbers.filter((n) => n !== 0));
          throw new Error('not yet');
        }
        for (const delivery of deliveries) journal.add(delivery);
      });
      isBlocked = () => consumer.stats().blocked > 0;
      await publishSome(context, orders, 1, byKey);
      await context.eventually('one blocks', isBlocked);
      const publisher = context.client();
      const others: string[] = [];
      for (const n of upTo(12).filter((each) => !isOfFirstKey(each))) {
        others.push((await publisher.publish(orders, { n }, { key: byKey(n) })).id);
      }
      await journal.covers(others);
      assert.deepEqual(sharing, []);
      assert.equal(consumer.stats().blocked, 1);
    },
  },
];
