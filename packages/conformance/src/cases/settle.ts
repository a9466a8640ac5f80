import assert from 'node:assert/strict';
import { IntermodalError } from '@intermodal/core';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { assertCode, eachOnce, gate, rejectsWith } from '../expect.ts';
import type { TestDelivery } from '../test-client.ts';
import { publishSome } from './deliver.ts';

export const settle: readonly Case[] = [
  {
    name: 'settling twice alike is the same promise, and differently is already-settled',
    rules: ['R5'],
    async run(context) {
      const orders = await context.channel();
      const attempts: Promise<void>[] = [];
      const ids = await publishSome(context, orders, 3);
      const journal = context.journal();
      const handler = journal.handler(async (delivery) => {
        if (delivery.attempt > 1) return;
        const check = twice(delivery, ids.indexOf(delivery.id));
        attempts.push(check);
        await check.catch(() => undefined);
      });
      const consumer = await context.consume(context.client(), orders, handler);
      await journal.covers(ids);
      await context.eventually('each was settled twice', () => attempts.length === 3);
      await context.within('the settlements', Promise.all(attempts));
      await context.eventually('the retried one was acked', () => consumer.stats().acked === 2);
      assert.equal(consumer.stats().retried, 1);
    },
  },
  {
    name: 'a handler that acked and then throws does not get the message again',
    rules: ['R5'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler(async (delivery) => {
        await delivery.ack();
        throw new Error('too late to matter');
      });
      const options = { retry: { delayMs: () => 10 } };
      const consumer = await context.consume(context.client(), orders, handler, options);
      const ids = await publishSome(context, orders, 5);
      await eachOnce(context, journal, ids);
      await context.eventually('all were acked', () => consumer.stats().acked === 5);
      assert.equal(consumer.stats().retried, 0);
    },
  },
  {
    name: 'after a settlement the other settlements are refused even when the handler has returned',
    rules: ['R5'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await publishSome(context, orders, 1);
      await journal.reaches(1);
      const delivery = deliveryOf(journal.seen[0]?.delivery);
      await context.within('the ack of its return', delivery.ack());
      await rejectsWith('retry after ack', delivery.retry(), 'already-settled');
      await rejectsWith('reject after ack', delivery.reject('no'), 'already-settled');
    },
  },
  {
    name: 'once ack has resolved nobody gets the message again, not even after a crash',
    rules: ['R4'],
    claims: { receive: [true], ackConfirmed: [true], settle: ['message'] },
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 5);
      const hold = gate();
      const crashing = context.client();
      const acked = context.journal();
      const handler = acked.handler(async (delivery) => {
        await delivery.ack();
        acked.add(delivery, 'acked');
        await hold.opened;
      });
      await context.consume(crashing, orders, handler);
      const confirmed = (): number => acked.seen.filter((seen) => seen.by === 'acked').length;
      await context.eventually('all acks resolved', () => confirmed() === ids.length);
      await context.crash(crashing);
      hold.open();
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const leaseMs = context.capabilities.lease ? context.times.leaseMs * 2 : 0;
      await context.never(
        'a message came after its ack resolved',
        () => journal.seen.length > 0,
        leaseMs + context.times.quietMs,
      );
    },
  },
  {
    name: 'ack does not resolve while the broker does not answer',
    rules: ['R4'],
    claims: { receive: [true], ackConfirmed: [true], settle: ['message'] },
    needs: ['freeze'],
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      let resolved = false;
      const journal = context.journal();
      const handler = journal.handler(async (delivery) => {
        await hold.opened;
        await delivery.ack();
        resolved = true;
      });
      await context.consume(context.client(), orders, handler);
      await publishSome(context, orders, 1);
      await journal.reaches(1);
      const thaw = await context.fault('freeze')();
      hold.open();
      const briefly = Math.min(context.times.quietMs, context.times.leaseMs / 2);
      await context.never('ack resolved without an answer of the broker', () => resolved, briefly);
      await thaw();
      await context.eventually(
        'ack resolved or the message came again',
        () => resolved || journal.seen.length > 1,
      );
    },
  },
  {
    name: 'an ack that fails for good says so, and the message comes again',
    rules: ['R4', 'R1'],
    claims: { receive: [true], ackConfirmed: [true], settle: ['message'] },
    needs: ['failSettlements'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 1);
      const outcomes: unknown[] = [];
      const journal = context.journal();
      let aborted = 0;
      await context.fault('failSettlements')(1_000);
      const client = context.client();
      const handler = journal.handler(async (delivery) => {
        try {
          await delivery.ack();
          outcomes.push('acked');
        } catch (error) {
          outcomes.push(error);
          assert.ok(delivery.signal.aborted);
          aborted += 1;
        }
      });
      await context.consume(client, orders, handler);
      await context.eventually('ack had an outcome', () => outcomes.length > 0);
      assert.ok(IntermodalError.is(outcomes[0]), 'ack resolved although the broker did not do it');
      assert.equal(aborted, 1, 'the ack failed and the signal of its delivery does not show it');
      const told = (): boolean =>
        context.telemetry.some(({ type }) => type === 'settle-failed' || type === 'lease-lost');
      await context.eventually('telemetry told', told);
      await context.fault('failSettlements')(0);
      await context.crash(client);
      const again = context.journal();
      await context.consume(context.client(), orders, again.handler());
      await again.covers(ids);
    },
  },
  {
    name: 'settlements that fail once are carried out all the same',
    rules: ['R4', 'R9'],
    claims: { receive: [true], settle: ['message'] },
    needs: ['failSettlements'],
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler((delivery) => {
        if (journal.isFirst(delivery)) throw new Error('once');
      });
      const retry = { delayMs: () => 10 };
      const consumer = await context.consume(context.client(), orders, handler, { retry });
      await context.fault('failSettlements')(3);
      const ids = await publishSome(context, orders, 10);
      await context.eventually('all were acked', () => consumer.stats().acked === 10);
      for (const id of ids) assert.ok(journal.of(id).length >= 2, 'a retry got lost');
    },
  },
  {
    name: 'stop awaits what is recorded: nothing that was acked before it comes again',
    rules: ['R4', 'R12'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 30);
      const first = context.journal();
      const consumer = await context.consume(context.client(), orders, first.handler());
      await eachOnce(context, first, ids);
      await consumer.stop();
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const later = await publishSome(context, orders, 3);
      await eachOnce(context, journal, later);
    },
  },
];

/** Checks rule R5 on one delivery; `n` says which settlement comes first. */
async function twice(delivery: TestDelivery, n: number): Promise<void> {
  const settlements = [
    () => delivery.ack(),
    () => delivery.retry({ delayMs: 10 }),
    () => delivery.reject('never again'),
  ];
  const first = settlements[n] ?? settlements[0];
  assert.ok(first !== undefined);
  const settled = first();
  assert.equal(first(), settled, 'settling twice alike must be the same promise');
  for (const other of settlements) {
    if (other === first) continue;
    await rejectsWith('another settlement', other(), 'already-settled');
  }
  await settled;
  assert.equal(first(), settled, 'settling alike later must be the same promise');
}

export function deliveryOf(delivery: TestDelivery | undefined): TestDelivery {
  assert.ok(delivery !== undefined, 'there was no delivery');
  return delivery;
}

/** The outcome of an ack that the broker may have taken away: true where it held. */
export async function ackHeld(context: Context, delivery: TestDelivery): Promise<boolean> {
  try {
    await context.within('an ack to settle', delivery.ack());
    return true;
  } catch (error) {
    assertCode('ack', error, 'lease-lost');
    return false;
  }
}
