import assert from 'node:assert/strict';
import { IntermodalError } from '@intermodal/core';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { assertCode, eachOnce, rejectsWith, upTo } from '../expect.ts';
import type { TestChannel, TestClient } from '../test-client.ts';

export const uncertain: readonly Case[] = [
  {
    name: 'a message whose confirm got lost is sent again with the same id',
    rules: ['P6'],
    needs: ['loseReplies'],
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      const first = await publisher.publish(orders, { n: 0 });
      await context.fault('loseReplies')(1);
      const headers = { tenant: 'acme' };
      const published = await publisher.publish(
        orders,
        { n: 1 },
        { id: 'lost-reply', key: 'k', headers },
      );
      assert.equal(published.id, 'lost-reply');
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers([first.id, 'lost-reply']);
      await context.never('a message came from nowhere', () => journal.ids().length > 2);
      for (const seen of journal.of('lost-reply')) {
        assert.deepEqual(seen.body, { n: 1 });
        assert.deepEqual(Object.fromEntries(seen.delivery.headers), headers);
      }
    },
  },
  {
    name: 'without any answer publish ends with unknown-outcome, never with success',
    rules: ['P6'],
    claims: { receive: [true, false] },
    needs: ['freeze'],
    async run(context) {
      const { publisher, orders } = await openPublisher(context);
      const thaw = await context.fault('freeze')();
      const publishing = publisher.publish(orders, { n: 1 }, { timeoutMs: 1_000 });
      await rejectsWith('publish to a silent broker', publishing, 'unknown-outcome');
      await thaw();
    },
  },
  {
    name: 'a message whose every confirm gets lost ends with unknown-outcome',
    rules: ['P6'],
    claims: { receive: [true, false] },
    needs: ['loseReplies'],
    async run(context) {
      const { publisher, orders } = await openPublisher(context);
      await context.fault('loseReplies')(1_000);
      const publishing = publisher.publish(orders, { n: 1 }, { timeoutMs: 1_500 });
      await rejectsWith('publish', publishing, 'unknown-outcome');
    },
  },
  {
    name: 'an abort after hand-off ends with unknown-outcome',
    rules: ['P6'],
    claims: { receive: [true, false] },
    needs: ['freeze'],
    async run(context) {
      const { publisher, orders } = await openPublisher(context);
      const thaw = await context.fault('freeze')();
      const abort = new AbortController();
      const publishing = publisher.publish(orders, { n: 1 }, { signal: abort.signal });
      publishing.catch(() => undefined);
      await context.wait(50);
      abort.abort();
      await rejectsWith('an aborted publish', publishing, 'unknown-outcome');
      await thaw();
    },
  },
  {
    name: 'an abort before hand-off ends with aborted, and nothing arrives',
    rules: ['P7'],
    async run(context) {
      const { publisher, orders, first } = await openPublisher(context);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const signal = AbortSignal.abort();
      const fresh = context.client();
      await rejectsWith('publish', fresh.publish(orders, { n: 1 }, { signal }), 'aborted');
      await rejectsWith('publish', publisher.publish(orders, { n: 2 }, { signal }), 'aborted');
      await eachOnce(context, journal, [first]);
    },
  },
  {
    name: 'with no room for more, publish waits; aborted there it says aborted, and timed out, timeout',
    rules: ['P10', 'P7'],
    claims: { receive: [true, false] },
    needs: ['freeze'],
    async run(context) {
      const { publisher, orders } = await openPublisher(context, { maxPendingMessages: 10 });
      const thaw = await context.fault('freeze')();
      const abort = new AbortController();
      const inside = upTo(10).map((n) => publisher.publish(orders, { n }, { timeoutMs: 1_000 }));
      const outside = upTo(20).map((n) => publisher.publish(orders, { n }, { timeoutMs: 1_000 }));
      const aborted = publisher.publish(orders, { n: 30 }, { signal: abort.signal });
      const settled = Promise.allSettled([...inside, ...outside, aborted]);
      await context.wait(50);
      abort.abort();
      await context.within('every publish to settle', settled);
      await rejectsWith('the aborted one', aborted, 'aborted');
      for (const one of inside) await rejectsWith('one within', one, 'unknown-outcome', 'timeout');
      for (const one of outside) await rejectsWith('one beyond the bound', one, 'timeout');
      await thaw();
    },
  },
  {
    name: 'publish to a broker that does not answer from the start ends at its timeout',
    rules: ['P6', 'P10'],
    claims: { receive: [true, false] },
    needs: ['freeze'],
    async run(context) {
      const orders = await context.channel();
      const thaw = await context.fault('freeze')();
      const publisher = context.client();
      const publishing = publisher.publish(orders, { n: 1 }, { timeoutMs: 1_000 });
      await rejectsWith('publish', publishing, 'timeout', 'unknown-outcome');
      await thaw();
      await publisher.publish(orders, { n: 2 });
    },
  },
  {
    name: 'after back-pressure ends everything that waited is published',
    rules: ['P10'],
    needs: ['freeze'],
    async run(context) {
      const { publisher, orders, first } = await openPublisher(context, {
        maxPendingMessages: 5,
        maxPendingBytes: 200,
      });
      const thaw = await context.fault('freeze')();
      const publishing = upTo(50).map((n) => publisher.publish(orders, { n }));
      const settled = Promise.all(publishing);
      settled.catch(() => undefined);
      await context.wait(200);
      await thaw();
      const ids = (await settled).map((published) => published.id);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers([first, ...ids]);
    },
  },
  {
    name: 'close racing publish: every publish settles, and what resolved can be read',
    rules: ['P9'],
    async run(context) {
      const { publisher, orders } = await openPublisher(context);
      const publishing = upTo(200).map((n) => publisher.publish(orders, { n }));
      const closing = publisher.close();
      const late = upTo(20).map((n) => publisher.publish(orders, { n: 200 + n }));
      const all = Promise.allSettled([...publishing, ...late]);
      const outcomes = await context.within('every publish to settle', all);
      await closing;
      const resolved: string[] = [];
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') resolved.push(outcome.value.id);
        else
          assertCode(
            'publish while closing',
            outcome.reason,
            'closed',
            'aborted',
            'unknown-outcome',
          );
      }
      for (const one of late) await rejectsWith('publish after close', one, 'closed');
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(resolved);
    },
  },
  {
    name: 'close with a silent broker ends at its deadline, and every publish settles',
    rules: ['P9'],
    claims: { receive: [true, false] },
    needs: ['freeze'],
    async run(context) {
      const { publisher, orders } = await openPublisher(context, { maxPendingMessages: 5 });
      const thaw = await context.fault('freeze')();
      const publishing = upTo(20).map((n) => publisher.publish(orders, { n }));
      const settled = Promise.allSettled(publishing);
      await context.wait(20);
      const closing = publisher.close({ deadlineMs: 300 });
      for (const outcome of await context.within('every publish to settle', settled)) {
        assert.ok(
          outcome.status === 'rejected',
          'publish resolved without an answer of the broker',
        );
        assertCode('publish', outcome.reason, 'closed', 'unknown-outcome');
      }
      await thaw();
      await closing;
    },
  },
  {
    name: 'connections cut under load lose nothing that was confirmed, and every publish settles',
    rules: ['P6', 'F2'],
    needs: ['cut'],
    async run(context) {
      const { publisher, orders, first } = await openPublisher(context);
      const publishing = upTo(200).map(async (n) => {
        await context.wait(n);
        return publisher.publish(orders, { n });
      });
      const settled = Promise.allSettled(publishing);
      for (const _ of upTo(4)) {
        await context.wait(50);
        await context.fault('cut')();
      }
      const confirmed = [first];
      for (const outcome of await settled) {
        if (outcome.status === 'fulfilled') confirmed.push(outcome.value.id);
        else assert.ok(IntermodalError.is(outcome.reason), 'an error of another kind');
      }
      assert.ok(confirmed.length > 150, 'most publishes must survive a cut connection');
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(confirmed);
    },
  },
];

interface OpenPublisher {
  readonly publisher: TestClient;
  readonly orders: TestChannel;
  /** Id of a message that is stored already. */
  readonly first: string;
}

/** A publisher whose connection is open, so that the next message is handed over at once. */
async function openPublisher(
  context: Context,
  options: { readonly maxPendingMessages?: number; readonly maxPendingBytes?: number } = {},
): Promise<OpenPublisher> {
  const orders = await context.channel();
  const publisher = context.client(options);
  const { id } = await publisher.publish(orders, { n: -1 });
  return { publisher, orders, first: id };
}
