import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { acceptedOrRefused, eachOnce, rejectsWith, upTo } from '../expect.ts';

type Headers = Readonly<Record<string, string>>;

/** Headers that every transport must carry. */
const ordinary: readonly Headers[] = [
  {},
  { tenant: 'acme' },
  { empty: '' },
  { 'with-dash': '1', with_underscore: '2', 'with.dot': '3', UpperCase: '4' },
  { unicode: 'żółć 漢字 🚢', spaces: '  around  ', quotes: `"'\\`, json: '{"a":[1]}' },
  { lines: 'one\r\ntwo\nthree', colon: 'a:b', backslashes: '\\n\\c\\r\\\\', control: 'tab\t' },
  { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' },
  { long: 'x'.repeat(4_000) },
];

/** Names that mean something to a broker, a protocol or a language: carried or refused, never changed. */
const awkward: readonly Headers[] = [
  { Case: 'upper', case: 'lower' },
  { 'content-type': 'text/x-own', 'content-length': '3', 'message-id': 'own', receipt: 'own' },
  {
    destination: 'elsewhere',
    subscription: '0',
    ack: 'no',
    id: 'own',
    key: 'own',
    persistent: 'false',
  },
  { 'AWS.own': '1', 'Amazon.own': '2', JMSXGroupID: 'own', 'x-death': 'own', $own: '4' },
  { 'with space': '1', 'with:colon': '2', żółć: '3', 'two..dots': '4', '.dot': '5' },
  JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}') as Headers,
  { nul: 'a\u0000b', 'not-a-character': '\uFFFF', escape: '\u001B' },
  { half: '\uD83D' },
];

const refusals = ['invalid-argument', 'invalid-message', 'too-large', 'unsupported'] as const;

/** What was accepted arrives exactly; nothing is added, trimmed or spelt otherwise. */
async function arriveComplete(
  context: Context,
  sets: readonly Headers[],
  mayRefuse: boolean,
): Promise<void> {
  const parcels = await context.channel();
  const publisher = context.client();
  const wanted = new Map<string, Headers>();
  for (const [n, headers] of sets.entries()) {
    const publishing = publisher.publish(parcels, { n }, { headers });
    const published = mayRefuse
      ? await acceptedOrRefused('publish', publishing, ...refusals)
      : await publishing;
    if (published !== undefined) wanted.set(published.id, headers);
  }
  const journal = context.journal();
  await context.consume(context.client(), parcels, journal.handler());
  await eachOnce(context, journal, [...wanted.keys()]);
  for (const [id, headers] of wanted) {
    const arrived = new Map(journal.of(id)[0]?.delivery.headers);
    assert.deepEqual(arrived, new Map(Object.entries(headers)), 'headers arrived changed');
  }
}

function numbered(count: number): Headers {
  return Object.fromEntries(upTo(count).map((n) => [`header-${String(n)}`, `value ${String(n)}`]));
}

export const headers: readonly Case[] = [
  {
    name: 'headers arrive as they were given: any Unicode, empty values, line ends, spaces',
    rules: ['P3'],
    run: (context) => arriveComplete(context, ordinary, false),
  },
  {
    name: 'headers with names that others use arrive or are refused, never changed',
    rules: ['P3'],
    run: (context) => arriveComplete(context, awkward, true),
  },
  {
    name: 'the documented number of headers arrives, and more are refused or arrive, never trimmed',
    rules: ['P3'],
    async run(context) {
      const bound = context.limits.headers ?? 100;
      const counts = [1, 9, 10, 11, 12, 20, bound - 1, bound].filter((count) => count <= bound);
      await arriveComplete(context, counts.map(numbered), false);
      await arriveComplete(context, [bound + 1, bound * 2, bound * 10].map(numbered), true);
    },
  },
  {
    name: 'header names that Intermodal uses itself are refused',
    rules: ['P3'],
    claims: { receive: [true, false] },
    async run(context) {
      const parcels = await context.channel();
      const publisher = context.client();
      for (const name of ['imid', 'imkey', 'imtime', 'imenc', 'imheaders', 'imctl', 'imreason']) {
        const publishing = publisher.publish(parcels, { n: 1 }, { headers: { [name]: 'forged' } });
        await rejectsWith(`publish with the header ${name}`, publishing, 'invalid-argument');
      }
    },
  },
  {
    name: 'id, key, time, channel and group arrive',
    rules: ['P12'],
    async run(context) {
      const parcels = await context.channel();
      const publisher = context.client();
      const before = context.now();
      const given = await publisher.publish(
        parcels,
        { n: 0 },
        { id: 'given-1', key: 'customer 7/é' },
      );
      assert.equal(given.id, 'given-1');
      const made = await publisher.publish(parcels, { n: 1 });
      const after = context.now();
      const journal = context.journal();
      await context.consume(context.client(), parcels, journal.handler());
      await eachOnce(context, journal, [given.id, made.id]);
      for (const { id, key, body, delivery } of journal.seen) {
        assert.equal(key, id === given.id ? 'customer 7/é' : undefined);
        assert.deepEqual(body, { n: id === given.id ? 0 : 1 });
        assert.equal(delivery.channel, parcels.name);
        assert.equal(delivery.group, context.group);
        const publishedAt = delivery.publishedAt?.getTime();
        assert.ok(publishedAt !== undefined, 'the time of publishing is missing');
        assert.ok(publishedAt >= before - 1 && publishedAt <= after + 1, 'the time is another one');
      }
    },
  },
  {
    name: 'every message has an id of its own, and the one that publish returned',
    rules: ['P12'],
    async run(context) {
      const parcels = await context.channel();
      const bodies = upTo(100).map((n) => ({ body: { n }, key: `key-${String(n % 7)}` }));
      const outcomes = await context.client().publishMany(parcels, bodies);
      const ids = outcomes.map((outcome) => outcome.id);
      assert.equal(new Set(ids).size, bodies.length, 'two messages have one id');
      const journal = context.journal();
      await context.consume(context.client(), parcels, journal.handler());
      await eachOnce(context, journal, ids);
      for (const { id, body, key } of journal.seen) {
        const sent = bodies[ids.indexOf(id)];
        assert.deepEqual({ body, key }, sent, 'a message came under the id of another one');
      }
    },
  },
];
