import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { eachOnce, gate, upTo } from '../expect.ts';
import { publishSome } from './deliver.ts';

const soon = { delayMs: () => 10 };

export const retry: readonly Case[] = [
  {
    name: 'a retry is not early, and other messages go on meanwhile',
    rules: ['R9'],
    async run(context) {
      const orders = await context.channel();
      const { delayMs } = context.times;
      const journal = context.journal();
      const handler = journal.handler(async (delivery) => {
        if ((delivery.body as { n: number }).n === 0 && delivery.attempt === 1) {
          await delivery.retry({ delayMs });
        }
      });
      await context.consume(context.client(), orders, handler);
      const ids = await publishSome(context, orders, 20);
      await journal.covers(ids);
      const others = Math.max(...ids.slice(1).map((id) => journal.of(id)[0]?.at ?? 0));
      await context.eventually('it came again', () => journal.of(ids[0] ?? '').length >= 2);
      const [first, second] = journal.of(ids[0] ?? '');
      assert.ok(first !== undefined && second !== undefined);
      // Clocks of a broker and of this process count whole milliseconds of their own.
      assert.ok(second.at - first.at >= delayMs - 2, 'a retry came before its delay');
      assert.ok(others < second.at, 'other messages waited for the retry');
      assert.equal(second.attempt, 2);
    },
  },
  {
    name: 'a throw retries by the policy, which is told the attempt and the error',
    rules: ['R9'],
    async run(context) {
      const orders = await context.channel();
      const asked: [number, string][] = [];
      const policy = {
        maxAttempts: 5,
        delayMs: (attempt: number, error: unknown) => {
          asked.push([attempt, error instanceof Error ? error.message : '']);
          return attempt * 40;
        },
      };
      const journal = context.journal();
      const handler = journal.handler((delivery) => {
        if (delivery.attempt < 4) throw new Error(`failure ${String(delivery.attempt)}`);
      });
      const options = { retry: policy };
      const consumer = await context.consume(context.client(), orders, handler, options);
      const [id = ''] = await publishSome(context, orders, 1);
      await context.eventually('it was acked', () => consumer.stats().acked === 1);
      const seen = journal.of(id);
      assert.deepEqual(
        seen.map((entry) => entry.attempt),
        [1, 2, 3, 4],
      );
      assert.deepEqual(asked, [
        [1, 'failure 1'],
        [2, 'failure 2'],
        [3, 'failure 3'],
      ]);
      for (const n of [1, 2, 3]) {
        const gap = (seen[n]?.at ?? 0) - (seen[n - 1]?.at ?? 0);
        assert.ok(gap >= n * 40 - 2, 'a retry came before the delay of the policy');
      }
    },
  },
  {
    name: 'by default a failing message comes again after a while, not in a hot loop',
    rules: ['R9'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler(() => {
        throw new Error('always');
      });
      await context.consume(context.client(), orders, handler);
      await publishSome(context, orders, 1);
      await journal.reaches(1);
      await context.never('it was tried again and again', () => journal.seen.length > 8, 1_000);
      await context.eventually('it was tried again', () => journal.seen.length >= 2);
    },
  },
  {
    name: 'a hundred messages that all fail at first are all done in the end, by three consumers',
    rules: ['R9', 'R8'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler((delivery) => {
        if (delivery.attempt < 3) throw new Error('not yet');
      });
      const consumers = await Promise.all(
        upTo(context.members(3)).map(() =>
          context.consume(context.client(), orders, handler, { retry: soon }),
        ),
      );
      const ids = await publishSome(context, orders, 100);
      const acked = (): number => consumers.reduce((sum, { stats }) => sum + stats().acked, 0);
      await context.eventually(
        'all were acked',
        () => acked() >= ids.length,
        () => String(acked()),
      );
      for (const id of ids) {
        const attempts = journal.of(id).map((seen) => seen.attempt);
        assert.ok(Math.max(...attempts) >= 3, 'a message was acked although its handler failed');
      }
    },
  },
  {
    name: 'one in ten fails, and each is done once',
    rules: ['R9', 'R5'],
    async run(context) {
      const orders = await context.channel();
      const done: string[] = [];
      const handler = (delivery: { id: string; body: unknown; attempt: number }): void => {
        if ((delivery.body as { n: number }).n % 10 === 0 && delivery.attempt === 1) {
          throw new Error('one in ten');
        }
        done.push(delivery.id);
      };
      for (const _ of upTo(context.members(2))) {
        await context.consume(context.client(), orders, handler, { retry: soon });
      }
      const ids = await publishSome(context, orders, 100);
      await context.eventually('all were done', () => new Set(done).size === ids.length);
      if (context.capabilities.duplicates === 'possible') return;
      await context.never('one was done twice', () => done.length > ids.length);
    },
  },
  {
    name: 'a long retry is given back to the broker, and still comes, with what it carried',
    rules: ['R9', 'R1'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const { delayMs } = context.times;
      const handler = journal.handler((delivery) => {
        if (journal.isFirst(delivery)) throw new Error('once');
      });
      const options = { retry: { delayMs: () => delayMs }, localRetryMaxMs: 1 };
      const consumer = await context.consume(context.client(), orders, handler, options);
      const publisher = context.client();
      const headers = { tenant: 'acme' };
      // Some brokers can have none with a key back.
      const keyed = await publisher.publish(orders, { n: 1 }, { key: 'k', headers });
      const keyless = await publisher.publish(orders, { n: 1 }, { headers });
      await context.eventually('they were acked', () => consumer.stats().acked === 2);
      for (const [id, key] of [
        [keyed.id, 'k'],
        [keyless.id, undefined],
      ] as const) {
        for (const seen of journal.of(id)) {
          assert.equal(seen.key, key);
          assert.deepEqual(seen.body, { n: 1 });
          assert.deepEqual(Object.fromEntries(seen.delivery.headers), headers);
        }
        const [first, second] = journal.of(id);
        assert.ok(
          (second?.at ?? 0) - (first?.at ?? 0) >= delayMs - 2,
          'a retry came before its delay',
        );
      }
    },
  },
  {
    name: 'a message that waits for a local retry comes back after a crash',
    rules: ['R9', 'R1'],
    async run(context) {
      const orders = await context.channel();
      const crashing = context.client();
      const failed = context.journal();
      const handler = failed.handler(() => {
        throw new Error('always');
      });
      const later = { retry: { delayMs: () => 30_000 } };
      await context.consume(crashing, orders, handler, { ...later, localRetryMaxMs: 60_000 });
      const ids = await publishSome(context, orders, 1);
      await failed.covers(ids);
      if (context.capabilities.retry === 'delayed') return;
      await context.crash(crashing);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'handlers that take too long are aborted and retried',
    rules: ['R9'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler(async (delivery) => {
        if (delivery.attempt > 1) return;
        const aborted = gate();
        delivery.signal.addEventListener('abort', aborted.open);
        // One that is not told goes on for a while.
        await Promise.race([aborted.opened, context.wait(2_000)]);
        delivery.signal.throwIfAborted();
      });
      const options = { handlerTimeoutMs: 200, retry: soon };
      const consumer = await context.consume(context.client(), orders, handler, options);
      const [id = ''] = await publishSome(context, orders, 1);
      await context.eventually('the second attempt was acked', () => consumer.stats().acked === 1);
      const [first] = journal.of(id);
      assert.equal(journal.of(id).length, 2);
      assert.ok(first?.delivery.signal.aborted, 'a handler whose time is over was not told');
    },
  },
  {
    name: 'a failing key holds up only itself',
    rules: ['R9', 'O2'],
    claims: { receive: [true], order: ['key'], isolation: ['key'] },
    run: (context) => othersGoOn(context, 3),
  },
  {
    name: 'a failing key holds up others no further than prefetch',
    rules: ['R9'],
    claims: { receive: [true], order: ['key'], isolation: ['window'] },
    run: (context) => othersGoOn(context, 40),
  },
];

/** One key fails for a long time; with room for `prefetch`, the messages of other keys are all handled. */
async function othersGoOn(context: Context, prefetch: number): Promise<void> {
  const orders = await context.channel({ order: 'key' });
  const journal = context.journal();
  let failing = true;
  const handler = journal.handler((delivery) => {
    if (failing && delivery.key === 'bad') throw new Error('this key fails');
  });
  const concurrency = Math.min(prefetch, 3);
  const policy = { maxAttempts: 1_000, delayMs: () => 100 };
  await context.consume(context.client(), orders, handler, {
    concurrency,
    prefetch,
    retry: policy,
  });
  const key = (n: number): string => (n < 5 ? 'bad' : `good-${String(n % 5)}`);
  const ids = await publishSome(context, orders, 30, key);
  await journal.covers(ids.slice(5));
  assert.deepEqual(
    [...new Set(journal.seen.filter((seen) => seen.key === 'bad').map((seen) => seen.id))],
    [ids[0]],
  );
  failing = false;
  await journal.covers(ids);
}
