import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { upTo } from '../expect.ts';
import type { Journal } from '../journal.ts';
import { numberOf } from '../journal.ts';
import type { TestChannel, TestClient } from '../test-client.ts';
import { publishSome } from './deliver.ts';

const ordered = { receive: [true], order: ['key'] } as const;

export const order: readonly Case[] = [
  {
    name: 'per key in order and one at a time, with many keys and several consumers',
    rules: ['O1'],
    claims: ordered,
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const journal = context.journal();
      const running = new Set<string>();
      const atOnce = new Set<string>();
      const handler = journal.handler(async (delivery) => {
        const key = delivery.key ?? '';
        if (running.has(key)) atOnce.add(key);
        running.add(key);
        await context.wait(1 + (numberOf(delivery.body) % 3));
        running.delete(key);
      });
      for (const _ of upTo(context.members(3))) {
        await context.consume(context.client(), orders, handler, { concurrency: 8, prefetch: 16 });
      }
      const ids = await publishInterleaved(context, context.client(), orders, 12, 12);
      await journal.covers(ids);
      assertInOrder(journal);
      assert.deepEqual([...atOnce], [], 'two handlers of one key ran at once');
      await context.never('a message came again without a fault', () =>
        mayNotRepeat(context, journal),
      );
    },
  },
  {
    name: 'concurrent publishes of one key are stored in the order of their calls',
    rules: ['O1'],
    claims: ordered,
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const publisher = context.client();
      const publishing = upTo(60).map((n) =>
        publisher.publish(orders, { n: Math.floor(n / 3) }, { key: `key-${String(n % 3)}` }),
      );
      const ids = (await Promise.all(publishing)).map((published) => published.id);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids);
      assertInOrder(journal);
    },
  },
  {
    name: 'a partly failed batch keeps the order of its keys',
    rules: ['O1', 'P4'],
    claims: ordered,
    needs: ['failEntries'],
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const publisher = context.client();
      await publisher.publish(orders, { n: -1 }, { key: 'key-0' });
      await context.fault('failEntries')(7);
      const ids = await publishTogether(publisher, orders, 4, 10);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids);
      assertInOrder(journal);
    },
  },
  {
    name: 'lost confirms keep the order of their keys',
    rules: ['O3', 'P6'],
    claims: ordered,
    needs: ['loseReplies'],
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const publisher = context.client();
      await publisher.publish(orders, { n: -1 }, { key: 'key-0' });
      await context.fault('loseReplies')(5);
      const ids = await publishTogether(publisher, orders, 4, 10);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids);
      assertInOrder(journal);
    },
  },
  {
    name: 'order holds across cut connections of publishers and consumers',
    rules: ['O3', 'F2'],
    claims: ordered,
    needs: ['cut'],
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const journal = context.journal();
      const handler = journal.handler(() => context.wait(5));
      for (const _ of upTo(context.members(2))) {
        await context.consume(context.client(), orders, handler);
      }
      const publishing = publishInterleaved(context, context.client(), orders, 5, 20);
      for (const _ of upTo(4)) {
        await context.wait(30);
        await context.fault('cut')();
      }
      await journal.covers(await publishing);
      assertInOrder(journal);
    },
  },
  {
    name: 'batches keep the order of each key, within one and from one to the next',
    rules: ['O1'],
    claims: ordered,
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const journal = context.journal();
      const options = { ...context.consumeOptions({ prefetch: 20 }), max: 6, waitMs: 20 };
      await context.client().consumeBatch(orders, options, async (deliveries) => {
        for (const delivery of deliveries) journal.add(delivery);
        await context.wait(3);
      });
      const ids = await publishInterleaved(context, context.client(), orders, 4, 15);
      await journal.covers(ids);
      assertInOrder(journal);
    },
  },
  {
    name: 'a stopped consumer hands its keys over in order',
    rules: ['O3', 'R12'],
    claims: ordered,
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const journal = context.journal();
      const handler = journal.handler(() => context.wait(5));
      const first = await context.consume(context.client(), orders, handler, { prefetch: 30 });
      const ids = await publishInterleaved(context, context.client(), orders, 5, 15);
      const takeOver = (): Promise<unknown> =>
        context.consume(context.client(), orders, handler, { prefetch: 30 });
      const standsBy = context.members(2) === 2;
      if (standsBy) await takeOver();
      await first.stop();
      if (!standsBy) await takeOver();
      await journal.covers(ids);
      assertInOrder(journal);
    },
  },
  {
    name: 'order is there where it is claimed, and is refused where it is not',
    rules: ['O4', 'C1'],
    claims: ordered,
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const ids = await publishTogether(context.client(), orders, 1, 20);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids);
      assertInOrder(journal);
    },
  },
  {
    name: 'without keys everything arrives too on an ordered channel',
    rules: ['O1'],
    claims: ordered,
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const ids = await publishSome(context, orders, 20);
      await journal.covers(ids);
    },
  },
];

/** `keys` × `each` messages `{ n }`, `n` counting up within each key; one loop for each key, awaiting each publish. */
export async function publishInterleaved(
  context: Context,
  publisher: TestClient,
  orders: TestChannel,
  keys: number,
  each: number,
): Promise<string[]> {
  const loops = upTo(keys).map(async (k) => {
    const ids: string[] = [];
    for (const n of upTo(each)) {
      const options = { key: `key-${String(k)}`, timeoutMs: context.times.withinMs };
      ids.push((await publisher.publish(orders, { n }, options)).id);
    }
    return ids;
  });
  return (await Promise.all(loops)).flat();
}

/** The same messages in one call, key by key in turn. */
async function publishTogether(
  publisher: TestClient,
  orders: TestChannel,
  keys: number,
  each: number,
): Promise<string[]> {
  const messages = upTo(keys * each).map((index) => ({
    body: { n: Math.floor(index / keys) },
    key: `key-${String(index % keys)}`,
  }));
  const outcomes = await publisher.publishMany(orders, messages);
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw outcome.error;
    return outcome.id;
  });
}

/**
 * Of each key, a message starts only after all before it were tried last: what comes again may repeat, and may never be
 * overtaken by a later one that is new.
 */
export function assertInOrder(journal: Journal): void {
  const last = new Map<string, number>();
  for (const seen of journal.seen) {
    const key = seen.key ?? '';
    const n = numberOf(seen.body);
    const highest = last.get(key) ?? -1;
    assert.ok(
      n <= highest + 1,
      `${String(n)} of ${key} came when only ${String(highest)} had come`,
    );
    last.set(key, Math.max(n, highest));
  }
}

function mayNotRepeat(context: Context, journal: Journal): boolean {
  return context.capabilities.duplicates === 'on-fault' && journal.repeated().length > 0;
}
