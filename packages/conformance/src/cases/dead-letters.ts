import assert from 'node:assert/strict';
import { IntermodalError, Rejection } from '@intermodal/core';
import type { WireDelivery } from '@intermodal/core/driver';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { openReceiver } from '../driver-level.ts';
import { eachOnce, rejectsWith } from '../expect.ts';
import type { TestChannel, TestDelivery } from '../test-client.ts';
import { publishSome } from './deliver.ts';

const soon = { delayMs: () => 10 };

/** Codes of a broker's no that another try would not change. */
const refusals: readonly string[] = ['rejected', 'not-found', 'invalid-message'];

export const deadLetters: readonly Case[] = [
  {
    name: 'a rejected message is a dead letter once: its body and headers, the reason, the origin',
    rules: ['R10'],
    async run(context) {
      const orders = await context.channel();
      const handler = async (delivery: {
        reject(reason: string): Promise<void>;
      }): Promise<void> => {
        await delivery.reject('no such customer');
      };
      const consumer = await context.consume(context.client(), orders, handler);
      const headers = { tenant: 'acme', unicode: '漢字' };
      const sent = { n: 1, name: 'żółć' };
      const { id } = await context.client().publish(orders, sent, { key: 'customer-7', headers });
      const letters = await lettersOf(context, orders, 1);
      const [letter] = letters;
      assert.ok(letter !== undefined);
      assert.equal(letter.message.key, 'customer-7');
      assert.deepEqual(JSON.parse(textOf(letter)), sent);
      for (const [name, value] of Object.entries(headers)) {
        assert.equal(letter.message.headers.get(name), value, `the header ${name} is missing`);
      }
      assert.equal(letter.message.headers.get('imreason'), 'no such customer');
      assert.ok(
        letter.message.headers.get('imorigin')?.includes(orders.name),
        'the origin is missing',
      );
      assert.equal(letter.message.headers.get('imattempt'), '1');
      assert.equal(letter.message.id, id, 'a dead letter keeps the id of its message');
      assert.equal(consumer.stats().deadLettered, 1);
    },
  },
  {
    name: 'a message that fails each time is tried maxAttempts times, and is then a dead letter once',
    rules: ['R10'],
    async run(context) {
      const orders = await context.channel({ maxAttempts: 3 });
      const journal = context.journal();
      const handler = journal.handler((delivery) => {
        if ((delivery.body as { n: number }).n < 3) throw new Error('out of stock');
      });
      const policy = { maxAttempts: 3, delayMs: () => 10 };
      const consumer = await context.consume(context.client(), orders, handler, { retry: policy });
      const ids = await publishSome(context, orders, 10);
      const letters = await lettersOf(context, orders, 3);
      assert.deepEqual(letters.map((letter) => letter.message.id).sort(), ids.slice(0, 3).sort());
      for (const letter of letters) {
        assert.ok(letter.message.headers.get('imreason')?.includes('out of stock'));
        assert.equal(letter.message.headers.get('imattempt'), '3');
      }
      for (const id of ids.slice(0, 3)) {
        const attempts = journal.of(id).map((seen) => seen.attempt);
        assert.deepEqual(attempts, [1, 2, 3], 'attempts are counted from 1 to maxAttempts');
      }
      await context.eventually('the others were acked', () => consumer.stats().acked === 7);
    },
  },
  {
    name: 'a thrown Rejection is a dead letter at once',
    rules: ['R10'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler(() => {
        throw new Rejection('malformed order');
      });
      await context.consume(context.client(), orders, handler, { retry: soon });
      const [id = ''] = await publishSome(context, orders, 1);
      const [letter] = await lettersOf(context, orders, 1);
      assert.equal(letter?.message.headers.get('imreason'), 'malformed order');
      assert.equal(journal.of(id).length, 1);
    },
  },
  {
    name: 'an undecodable message is rejected alone, with the bytes that it came with',
    rules: ['R11', 'R10'],
    async run(context) {
      const raw = await context.channel({ codec: context.codecs.bytes });
      const orders = { ...raw, codec: context.declare().codec };
      const publisher = context.client();
      const garbage = Uint8Array.of(0x7b, 0xff, 0x00, 0x22);
      const before = await publisher.publish(orders, { n: 1 });
      const bad = await publisher.publish(raw, garbage);
      const after = await publisher.publish(orders, { n: 2 });
      const journal = context.journal();
      const consumer = await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, [before.id, after.id]);
      const [letter] = await lettersOf(context, orders, 1);
      assert.equal(letter?.message.id, bad.id);
      assert.deepEqual([...bytesOf(letter)], [...garbage]);
      await context.eventually('the others were acked', () => consumer.stats().acked === 2);
    },
  },
  {
    name: 'a message that the schema refuses is rejected alone',
    rules: ['R11'],
    async run(context) {
      const plain = await context.channel();
      const numbers = {
        ...plain,
        schema: {
          '~standard': {
            version: 1 as const,
            vendor: 'conformance',
            validate: (value: unknown) =>
              typeof value === 'number'
                ? { value: value + 0.5 }
                : { issues: [{ message: 'not a number' }] },
          },
        },
      };
      const publisher = context.client();
      await publisher.publish(plain, 'a secret');
      const good = await publisher.publish(plain, 3);
      const journal = context.journal();
      await context.consume(context.client(), numbers, journal.handler());
      await eachOnce(context, journal, [good.id]);
      assert.equal(journal.seen[0]?.body, 3.5, 'the consumer gets the output of the schema');
      const [letter] = await lettersOf(context, plain, 1);
      const reason = letter?.message.headers.get('imreason');
      assert.ok(reason !== undefined, 'the reason is missing');
      assert.ok(!reason.includes('a secret'), 'a body must not stand in a reason');
    },
  },
  {
    name: 'while the dead letter cannot be stored the message is kept and tried again',
    rules: ['R10'],
    needs: ['failEntries'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler(() => {
        throw new Rejection('never again');
      });
      const ids = await publishSome(context, orders, 1);
      await context.fault('failEntries')(3);
      await context.consume(context.client(), orders, handler, { retry: soon });
      const letters = await lettersOf(context, orders, 1);
      assert.deepEqual(
        letters.map((letter) => letter.message.id),
        ids,
      );
    },
  },
  {
    name: 'a dead letter that the broker refuses for good is not dropped',
    rules: ['R10'],
    needs: ['refuseEntries'],
    async run(context) {
      const orders = await context.channel();
      const outcomes: string[] = [];
      const handler = async (delivery: TestDelivery): Promise<void> => {
        const rejecting = delivery.reject('never again');
        outcomes.push(await rejecting.then(() => 'stored', codeOf));
      };
      const ids = await publishSome(context, orders, 1);
      await context.fault('refuseEntries')(1);
      await context.consume(context.client(), orders, handler, { retry: soon });
      const failed = (): boolean =>
        context.telemetry.some((event) => event.type === 'dead-letter-failed');
      await context.eventually('telemetry told of the failure', failed);
      await context.eventually('it was tried again', () => outcomes.length === 2);
      const [refusal = '', ...later] = outcomes;
      assert.ok(refusals.includes(refusal), `\`reject\` tells its caller, and said ${refusal}`);
      assert.deepEqual(later, ['stored']);
      const letters = await lettersOf(context, orders, 1);
      assert.deepEqual(
        letters.map((letter) => letter.message.id),
        ids,
      );
    },
  },
  {
    name: 'a consumer whose dead letters have no place says so at its start',
    rules: ['R10'],
    needs: ['missingChannel'],
    async run(context) {
      const orders = await context.channel();
      const options = { deadLetter: { address: context.declare().name } };
      const consuming = context.consume(context.client(), orders, () => undefined, options);
      const what = 'consume without a place for dead letters';
      await rejectsWith(what, consuming, 'not-found', 'invalid-argument');
    },
  },
  {
    name: 'dead letters go to another transport where one is given',
    rules: ['R10'],
    async run(context) {
      const orders = await context.channel();
      const options = { deadLetter: { transport: context.transport() } };
      const handler = (): void => {
        throw new Rejection('never again');
      };
      const client = context.client();
      const consumer = await context.consume(client, orders, handler, options);
      const ids = await publishSome(context, orders, 3);
      await context.eventually('all are dead letters', () => consumer.stats().deadLettered === 3);
      const letters = await lettersOf(context, orders, 3);
      assert.deepEqual(letters.map((letter) => letter.message.id).sort(), [...ids].sort());
    },
  },
  {
    name: 'redrive moves the dead letters of a group back to it, and to no other',
    rules: ['R10', 'R8'],
    async run(context) {
      const groups = context.capabilities.groups === 'many' ? ['alpha', 'beta'] : ['alpha'];
      const orders = await context.channel({ groups });
      const client = context.client();
      const rejecting = await context.consume(client, orders, () => {
        throw new Rejection('for now');
      });
      const ids = await publishSome(context, orders, 8);
      await context.eventually('all are dead letters', () => rejecting.stats().deadLettered === 8);
      await rejecting.stop();
      const others = context.journal();
      if (groups.length === 2) {
        await context.consume(context.client(), orders, others.handler(), { group: 'beta' });
        await eachOnce(context, others, ids);
      }
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const { moved } = await client.redrive(orders, { group: 'alpha' });
      assert.equal(moved, 8);
      await eachOnce(context, journal, ids);
      await context.never('another group got them again', () => others.repeated().length > 0);
      for (const seen of journal.seen) {
        const own = [...seen.delivery.headers.keys()].filter((name) => name.startsWith('im'));
        assert.deepEqual(own, [], 'headers of the dead letter are left over');
      }
    },
  },
  {
    name: 'the messages of a key after a dead letter go on, in order',
    rules: ['R10', 'O2'],
    claims: { receive: [true], order: ['key'] },
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const journal = context.journal();
      const handler = journal.handler((delivery) => {
        if ((delivery.body as { n: number }).n === 2) throw new Rejection('this one');
      });
      await context.consume(context.client(), orders, handler, { retry: soon });
      const ids = await publishSome(context, orders, 6, () => 'one-key');
      await eachOnce(context, journal, ids);
      assert.deepEqual(journal.numbers(), [0, 1, 2, 3, 4, 5]);
      const letters = await lettersOf(context, orders, 1);
      assert.equal(letters[0]?.message.key, 'one-key');
    },
  },
];

/** The dead letters of the group: that many, and after a quiet period no more. They stay where they are. */
async function lettersOf(
  context: Context,
  orders: TestChannel,
  count: number,
): Promise<readonly WireDelivery[]> {
  const letters = await openReceiver(context, orders, { role: 'dead-letter', prefetch: 50 });
  const found = [...(await letters.collect(count))];
  let more = 0;
  const stop = new AbortController();
  const receiving = letters.receiver.receive(10, stop.signal).then((deliveries) => {
    more += deliveries.length;
  });
  receiving.catch(() => undefined);
  await context.never('a dead letter came twice', () => more > 0);
  stop.abort();
  await letters.close();
  return found;
}

function codeOf(error: unknown): string {
  return IntermodalError.is(error) ? error.code : 'an error of another kind';
}

function bytesOf(letter: WireDelivery | undefined): Uint8Array {
  const body = letter?.message.body ?? '';
  return typeof body === 'string' ? new TextEncoder().encode(body) : body;
}

function textOf(letter: WireDelivery): string {
  return new TextDecoder().decode(bytesOf(letter));
}
