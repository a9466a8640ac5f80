import assert from 'node:assert/strict';
import type { Capabilities } from '@intermodal/core';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { eachOnce, gate, rejectsWith, upTo } from '../expect.ts';
import { requireRefuses } from '../refusals.ts';
import type { TestChannel } from '../test-client.ts';
import { publishSome } from './deliver.ts';

/** Every value that each capability can have. */
const values: { readonly [K in keyof Capabilities]-?: readonly Capabilities[K][] } = {
  receive: [true, false],
  groups: ['none', 'single', 'many'],
  members: ['one'],
  order: ['none', 'key'],
  isolation: ['key', 'window', 'none'],
  settle: ['message', 'watermark', 'none'],
  duplicates: ['possible', 'on-fault'],
  durable: [true, false],
  ackConfirmed: [true, false],
  attempts: ['broker', 'local'],
  release: ['free', 'counted', 'by-closing', 'none'],
  retry: ['delayed', 'immediate', 'local'],
  lease: [true, false],
  delay: [true, false],
  ttl: [true, false],
  priority: [true, false],
  dedupe: [true, false],
  replay: [true, false],
  headers: ['native', 'envelope'],
};

export const honesty: readonly Case[] = [
  {
    name: 'capabilities are facts that agree with each other and with what the driver has',
    rules: ['C1'],
    claims: { receive: [true, false] },
    async run(context) {
      const transport = context.transport();
      const { capabilities } = transport;
      for (const name of Object.keys(values) as (keyof Capabilities)[]) {
        const possible: readonly unknown[] = values[name];
        if (name === 'members' && capabilities.members === undefined) continue;
        assert.ok(possible.includes(capabilities[name]), `${name} has no such value`);
      }
      const told = Object.keys({ ...capabilities, members: undefined });
      assert.deepEqual(told.sort(), Object.keys(values).sort());
      assert.ok(transport.name.length > 0, 'a transport has a name');
      assert.equal(transport.openReceiver !== undefined, capabilities.receive);
      assert.equal(capabilities.groups === 'none', !capabilities.receive);
      assert.equal(capabilities.settle === 'none', !capabilities.receive);
      assert.equal(capabilities.isolation === 'none', capabilities.order === 'none');
      if (capabilities.settle === 'watermark') assert.equal(capabilities.retry, 'local');
      const client = context.client();
      assert.deepEqual(client.capabilities, capabilities);
      assert.equal(client.transport, transport.name);
      await client.close();
    },
  },
  {
    name: 'require gives what is claimed and refuses what is not, for every capability and value',
    rules: ['C1'],
    claims: { receive: [true, false] },
    async run(context) {
      const client = context.client();
      for (const name of Object.keys(values) as (keyof Capabilities)[]) {
        for (const value of values[name]) {
          if (context.capabilities[name] === value) client.require({ [name]: value });
          else requireRefuses(context, { [name]: value });
        }
      }
      await client.close();
    },
  },
  {
    name: 'a delayed message is not early, and others go on meanwhile',
    rules: ['C1'],
    claims: { receive: [true], delay: [true] },
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const { delayMs } = context.times;
      const started = context.now();
      const late = await publisher.publish(orders, { n: 1 }, { delayMs });
      const prompt = await publisher.publish(orders, { n: 2 });
      await eachOnce(context, journal, [late.id, prompt.id]);
      const lateAt = journal.of(late.id)[0]?.at ?? 0;
      assert.ok(lateAt - started >= delayMs - 2, 'a delayed message came early');
      assert.ok((journal.of(prompt.id)[0]?.at ?? Infinity) < lateAt, 'another one waited for it');
    },
  },
  {
    name: 'a message is not delivered after its time to live',
    rules: ['C1'],
    claims: { receive: [true], ttl: [true] },
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      const brokersUnitMs = context.times.delayMs;
      await publisher.publish(orders, { n: 1 }, { ttlMs: brokersUnitMs / 5 });
      const long = await publisher.publish(orders, { n: 2 }, { ttlMs: 600_000 });
      const plain = await publisher.publish(orders, { n: 3 });
      await context.wait(brokersUnitMs);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, [long.id, plain.id]);
    },
  },
  {
    name: 'of waiting messages those of a higher priority come first',
    rules: ['C1'],
    claims: { receive: [true], priority: [true] },
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      for (const priority of [0, 9, 4, 9, 0]) {
        await publisher.publish(orders, { n: priority }, { priority });
      }
      const journal = context.journal();
      const options = { concurrency: 1, prefetch: 1 };
      await context.consume(context.client(), orders, journal.handler(), options);
      await journal.reaches(5);
      assert.deepEqual(journal.numbers(), [9, 9, 4, 0, 0]);
    },
  },
  {
    name: 'a repeated dedupe id is stored once',
    rules: ['C1'],
    claims: { receive: [true], dedupe: [true] },
    async run(context) {
      const orders = await context.channel();
      const publisher = context.client();
      const key = 'one-key';
      for (const n of upTo(3)) await publisher.publish(orders, { n }, { dedupeId: 'same', key });
      const other = await publisher.publish(orders, { n: 9 }, { dedupeId: 'other', key });
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers([other.id]);
      await context.never('a repeat was stored', () => journal.ids().length > 2);
      assert.deepEqual(journal.numbers(), [0, 9]);
    },
  },
  {
    name: 'giving a delivery back is no attempt',
    rules: ['C1', 'R12'],
    claims: { receive: [true], release: ['free'], settle: ['message'] },
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 8);
      const handled: string[] = [];
      for (const _ of upTo(3)) handled.push(await handleOneOfFive(context, orders));
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers(ids.filter((id) => !handled.includes(id)));
      for (const { attempt } of journal.seen) {
        assert.equal(attempt, 1, 'what was only given back came as another attempt');
      }
    },
  },
  {
    name: 'options out of their range are refused before anything is sent',
    rules: ['C1'],
    claims: { receive: [true, false] },
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const wrong = [{ timeoutMs: -1 }, { timeoutMs: Number.NaN }, { id: '' }];
      for (const options of wrong) {
        const publishing = client.publish(orders, { n: 1 }, options);
        await rejectsWith(JSON.stringify(options), publishing, 'invalid-argument');
      }
      if (context.capabilities.delay) {
        const publishing = client.publish(orders, { n: 1 }, { delayMs: -1 });
        await rejectsWith('a negative delay', publishing, 'invalid-argument');
      }
      if (context.capabilities.priority) {
        const publishing = client.publish(orders, { n: 1 }, { priority: 10 });
        await rejectsWith('priority 10', publishing, 'invalid-argument');
      }
      if (!context.capabilities.receive) return;
      for (const options of [
        { concurrency: 0 },
        { concurrency: 2, prefetch: 1 },
        { concurrency: 1.5 },
      ]) {
        const consuming = context.consume(client, orders, () => undefined, options);
        await rejectsWith(JSON.stringify(options), consuming, 'invalid-argument');
      }
      const consuming = context.consume(client, orders, () => undefined, { group: 'No Group' });
      await rejectsWith('a group name with a space', consuming, 'invalid-argument');
    },
  },
  {
    name: 'backlog counts what waits, what is in flight and what was dead-lettered, or is unsupported',
    rules: ['C1'],
    async run(context) {
      const orders = await context.channel();
      const client = context.client();
      const { group } = context;
      if (context.transport().admin?.backlog === undefined) {
        await rejectsWith('backlog', client.backlog(orders, { group }), 'unsupported');
        return;
      }
      const rejecting = await context.consume(context.client(), orders, async (delivery) => {
        await delivery.reject('this one');
      });
      await publishSome(context, orders, 1);
      await context.eventually('one was rejected', () => rejecting.stats().deadLettered === 1);
      await rejecting.stop();
      await publishSome(context, orders, 5);
      const hold = gate();
      const options = { concurrency: 2, prefetch: 2 };
      const consumer = await context.consume(context.client(), orders, () => hold.opened, options);
      await context.eventually('two run', () => consumer.stats().running === 2);
      const seen = async (): Promise<void> => {
        for (;;) {
          const { ready, inFlight, deadLettered, exact } = await client.backlog(orders, { group });
          // What two handlers hold may be missing where the broker only estimates; nothing may be invented.
          const all = ready + inFlight;
          const counted = exact ? all === 5 : ready >= 3 && all <= 5;
          if (counted && inFlight <= 2 && deadLettered === 1) return;
          await context.wait(20);
        }
      };
      await context.within('a backlog of five, and one dead letter', seen());
      hold.open();
    },
  },
];

/** Holds five, handles one of them, and gives back the others. */
async function handleOneOfFive(context: Context, orders: TestChannel): Promise<string> {
  const hold = gate();
  const journal = context.journal();
  const handler = journal.handler(() => hold.opened);
  const options = { concurrency: 1, prefetch: 5 };
  const consumer = await context.consume(context.client(), orders, handler, options);
  await context.eventually('five were fetched', () => {
    const { running, waiting } = consumer.stats();
    return running + waiting === 5;
  });
  const stopping = consumer.stop();
  await context.wait(20);
  hold.open();
  await stopping;
  assert.equal(journal.seen.length, 1, 'a handler was started after stop');
  return journal.seen[0]?.id ?? '';
}
