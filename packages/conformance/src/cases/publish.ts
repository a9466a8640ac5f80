import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { assertCode, eachOnce, rejectsWith, upTo } from '../expect.ts';

export const publish: readonly Case[] = [
  {
    name: 'what publish confirmed can be read although its client closed at once',
    rules: ['P1'],
    async run(context) {
      const orders = await context.channel();
      const ids: string[] = [];
      for (const n of upTo(5)) {
        const publisher = context.client();
        ids.push((await publisher.publish(orders, { n })).id);
        await context.crash(publisher);
      }
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'publish does not resolve while the broker does not answer, and then does',
    rules: ['P1'],
    needs: ['freeze'],
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      const first = await publisher.publish(orders, { n: 0 });
      const thaw = await context.fault('freeze')();
      let resolved = false;
      const publishing = publisher.publish(orders, { n: 1 });
      void publishing.then(
        () => (resolved = true),
        () => undefined,
      );
      await context.never('publish resolved without an answer of the broker', () => resolved);
      await thaw();
      const second = await publishing;
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers([first.id, second.id]);
    },
  },
  {
    name: 'fifty publishers at once lose nothing',
    rules: ['P1', 'P4'],
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const publishers = upTo(50).map(async (who) => {
        const ids: string[] = [];
        for (const n of upTo(20)) {
          const key = `key-${String(who)}`;
          ids.push((await publisher.publish(orders, { n }, { key })).id);
        }
        return ids;
      });
      const ids = (await Promise.all(publishers)).flat();
      assert.equal(new Set(ids).size, 1_000, 'two publishes returned one id');
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'publishMany answers for each message in input order, whatever their number',
    rules: ['P4'],
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      assert.deepEqual(await publisher.publishMany(orders, []), []);
      const wanted: string[] = [];
      for (const count of [1, 2, 9, 10, 11, 21, 101, 501]) {
        const messages = upTo(count).map((n) => ({
          body: { n },
          id: `of-${String(count)}-${String(n)}`,
        }));
        const outcomes = await publisher.publishMany(orders, messages);
        const ids = messages.map((message) => message.id);
        assert.deepEqual(
          outcomes.map((outcome) => outcome.id),
          ids,
        );
        assert.ok(
          outcomes.every((outcome) => outcome.ok),
          'a message failed without a fault',
        );
        wanted.push(...ids);
      }
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, wanted);
    },
  },
  {
    name: 'large messages published together all arrive, so batches are split by bytes too',
    rules: ['P4'],
    async run(context) {
      const parcels = await context.channel({ codec: context.codecs.bytes });
      const limit = context.limits.messageBytes ?? 100_000;
      const size = Math.floor(limit * 0.4);
      const messages = upTo(7).map((n) => ({ body: new Uint8Array(size).fill(n) }));
      const outcomes = await context.client().publishMany(parcels, messages);
      for (const outcome of outcomes) if (!outcome.ok) throw outcome.error;
      const journal = context.journal();
      await context.consume(context.client(), parcels, journal.handler());
      const ids = outcomes.map((outcome) => outcome.id);
      await eachOnce(context, journal, ids);
    },
  },
  {
    name: 'a message that cannot be sent fails alone',
    rules: ['P4'],
    async run(context) {
      const orders = await context.channel();
      const messages = [
        { body: { n: 0 } },
        { body: undefined },
        { body: { n: 2 } },
        { body: { n: 3 }, headers: { imid: 'forged' } },
        { body: { n: 4 } },
      ];
      const outcomes = await context.client().publishMany(orders, messages);
      assert.deepEqual(
        outcomes.map((outcome) => outcome.ok),
        [true, false, true, false, true],
      );
      for (const outcome of outcomes) {
        if (!outcome.ok) assertCode('it', outcome.error, 'invalid-argument', 'invalid-message');
      }
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(
        context,
        journal,
        outcomes.filter((outcome) => outcome.ok).map((outcome) => outcome.id),
      );
    },
  },
  {
    name: 'of a partly failed batch the failed are sent again with every field, the others are not',
    rules: ['P4'],
    needs: ['failEntries'],
    run: async (context) => {
      await resentComplete(context, {});
    },
  },
  {
    name: 'a delayed message that is sent again keeps its delay',
    rules: ['P4'],
    claims: { receive: [true], delay: [true] },
    needs: ['failEntries'],
    async run(context) {
      const { delayMs } = context.times;
      const started = context.now();
      const journal = await resentComplete(context, { delayMs });
      for (const { at } of journal.seen) {
        assert.ok(at - started >= delayMs - 1, 'a message came before its delay');
      }
    },
  },
  {
    name: 'what the broker refuses for good rejects, for that message alone, and is never delivered',
    rules: ['P5', 'P4'],
    needs: ['refuseEntries'],
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      await publisher.publish(orders, { n: -1 }, { id: 'before' });
      await context.fault('refuseEntries')(2);
      const messages = upTo(6).map((n) => ({ body: { n }, id: `message-${String(n)}` }));
      const outcomes = await publisher.publishMany(orders, messages);
      const failed = outcomes.filter((outcome) => !outcome.ok);
      assert.equal(failed.length, 2, 'two entries were refused');
      for (const outcome of failed) assertCode('publish', outcome.error, 'rejected', 'not-found');
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const stored = outcomes.filter((outcome) => outcome.ok).map((outcome) => outcome.id);
      await eachOnce(context, journal, ['before', ...stored]);
    },
  },
  {
    name: 'a channel that is not there is not-found, for publishers and for consumers',
    rules: ['P8'],
    claims: { receive: [true, false] },
    needs: ['missingChannel'],
    async run(context) {
      const nowhere = context.declare();
      const client = context.client();
      await rejectsWith('publish', client.publish(nowhere, { n: 1 }), 'not-found');
      await rejectsWith('check', client.check(nowhere), 'not-found');
      if (!context.capabilities.receive) return;
      await rejectsWith(
        'consume',
        context.consume(client, nowhere, () => undefined),
        'not-found',
      );
    },
  },
];

/** Ten messages in one batch, of which three fail at first. */
async function resentComplete(
  context: Context,
  more: { readonly delayMs?: number },
): Promise<ReturnType<Context['journal']>> {
  const orders = await context.channel();
  const publisher = context.client();
  // The connection is open then, so that the ten go in batches as large as the broker takes.
  await publisher.publish(orders, { n: -1 }, { id: 'first', ...more });
  const messages = upTo(10).map((n) => ({
    body: { n },
    id: `message-${String(n)}`,
    key: `key-${String(n)}`,
    headers: { n: String(n), tenant: 'acme' },
    ...more,
  }));
  await context.fault('failEntries')(3);
  const outcomes = await publisher.publishMany(orders, messages);
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.error;
  const journal = context.journal();
  await context.consume(context.client(), orders, journal.handler());
  await eachOnce(context, journal, ['first', ...messages.map((message) => message.id)]);
  for (const message of messages) {
    const seen = journal.of(message.id)[0];
    const headers = Object.fromEntries(seen?.delivery.headers ?? []);
    assert.deepEqual(
      { body: seen?.body, id: seen?.id, key: seen?.key, headers },
      { body: message.body, id: message.id, key: message.key, headers: message.headers },
      'a message that was sent again lost something',
    );
  }
  return journal;
}
