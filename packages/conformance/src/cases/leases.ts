import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { eachOnce, gate, rejectsWith } from '../expect.ts';
import { publishSome } from './deliver.ts';
import { ackHeld, deliveryOf } from './settle.ts';

export const leases: readonly Case[] = [
  {
    name: 'what a crashed consumer held comes back, and says that it was delivered before',
    rules: ['R1'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 5);
      const hold = gate();
      const crashing = context.client();
      const held = context.journal();
      await context.consume(
        crashing,
        orders,
        held.handler(() => hold.opened),
      );
      await held.covers(ids);
      await context.crash(crashing);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, ids);
      hold.open();
      if (context.capabilities.attempts === 'local') return;
      for (const seen of journal.seen) {
        assert.ok(seen.redelivered, 'a message that came back does not say so');
        assert.ok(seen.attempt >= 2, 'the broker counts attempts, and this one was not counted');
      }
    },
  },
  {
    name: 'what a consumer held when it was closed comes back',
    rules: ['R1', 'R12'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 5);
      const hold = gate();
      const closing = context.client();
      const held = context.journal();
      await context.consume(
        closing,
        orders,
        held.handler(() => hold.opened),
      );
      await held.covers(ids);
      await closing.close({ deadlineMs: 50 });
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, ids);
      hold.open();
    },
  },
  {
    name: 'a delivery is nobody else’s while its handler runs, five leases long',
    rules: ['R2'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 4);
      const journal = context.journal();
      const busyMs = context.times.leaseMs * 5;
      const slow = journal.handler(() => context.wait(busyMs), 'slow');
      const consumer = await context.consume(context.client(), orders, slow);
      await journal.covers(ids);
      const other = journal.handler(undefined, 'other');
      if (context.members(2) === 2) await context.consume(context.client(), orders, other);
      await context.eventually('the slow ones were acked', () => consumer.stats().acked === 4);
      await eachOnce(context, journal, ids);
      for (const seen of journal.seen) {
        assert.equal(seen.by, 'slow');
        assert.equal(seen.delivery.signal.aborted, false, 'the signal fired without a reason');
      }
    },
  },
  {
    name: 'deliveries that wait for a slot are nobody else’s either',
    rules: ['R2', 'R7'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 4);
      const journal = context.journal();
      const busyMs = context.times.leaseMs * 1.5;
      const slow = journal.handler(() => context.wait(busyMs), 'slow');
      const options = { concurrency: 1, prefetch: 4 };
      const consumer = await context.consume(context.client(), orders, slow, options);
      await context.eventually('all were fetched', () => {
        const { running, waiting } = consumer.stats();
        return running + waiting === 4;
      });
      const handler = journal.handler(undefined, 'other');
      const other =
        context.members(2) === 2
          ? await context.consume(context.client(), orders, handler)
          : undefined;
      const elsewhere = (): number => other?.stats().acked ?? 0;
      const acked = (): number => consumer.stats().acked + elsewhere();
      await context.eventually('all were acked', () => acked() === 4);
      await eachOnce(context, journal, ids);
      if (context.capabilities.settle === 'watermark') return;
      assert.equal(elsewhere(), 0, 'what waited for a slot went to another consumer');
    },
  },
  {
    name: 'a lost lease aborts the signal, its ack says lease-lost, and the message comes again',
    rules: ['R3', 'R1'],
    claims: { receive: [true], settle: ['message'], lease: [true] },
    needs: ['expireLeases'],
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      const client = context.client();
      const held = context.journal();
      await context.consume(
        client,
        orders,
        held.handler(() => hold.opened),
        { concurrency: 1, prefetch: 1 },
      );
      const ids = await publishSome(context, orders, 1);
      await held.covers(ids);
      const delivery = deliveryOf(held.seen[0]?.delivery);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await context.fault('expireLeases')();
      await journal.covers(ids);
      await context.eventually('the signal was aborted', () => delivery.signal.aborted);
      await rejectsWith('ack', delivery.ack(), 'lease-lost');
      if (context.capabilities.attempts === 'broker') {
        assert.ok(
          (journal.seen[0]?.attempt ?? 0) >= 2,
          'the broker counts attempts, and not this one',
        );
      }
      hold.open();
      await context.never('the message came once more', () => journal.seen.length > 1);
    },
  },
  {
    name: 'an ack after the end of a lease that nobody has noticed says lease-lost',
    rules: ['R3', 'R4'],
    claims: { receive: [true], settle: ['message'], lease: [true], ackConfirmed: [true] },
    needs: ['expireLeases'],
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(() => hold.opened);
      await context.consume(context.client(), orders, handler, { concurrency: 1, prefetch: 1 });
      await publishSome(context, orders, 1);
      await journal.reaches(1);
      const delivery = deliveryOf(journal.seen[0]?.delivery);
      await context.fault('expireLeases')();
      await rejectsWith('ack', delivery.ack(), 'lease-lost');
      assert.ok(delivery.signal.aborted, 'the delivery was lost and its signal does not say so');
      hold.open();
      await context.eventually('the message came again', () => journal.seen.length === 2);
    },
  },
  {
    name: 'a handler that overstays its lost lease settles nothing of the next owner',
    rules: ['R3', 'R6'],
    claims: { receive: [true], settle: ['message'], lease: [true] },
    needs: ['expireLeases'],
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      const held = context.journal();
      const options = { concurrency: 1, prefetch: 1 };
      const late = held.handler(() => hold.opened);
      await context.consume(context.client(), orders, late, options);
      const ids = await publishSome(context, orders, 1);
      await held.covers(ids);
      const second = context.client();
      const journal = context.journal();
      await context.consume(
        second,
        orders,
        journal.handler(() => gate().opened),
      );
      await context.fault('expireLeases')();
      await journal.covers(ids);
      hold.open();
      await context.wait(context.times.quietMs);
      // The first one's return must not have acked what the second one holds.
      await context.crash(second);
      const third = context.journal();
      await context.consume(context.client(), orders, third.handler());
      const owners = (): number => third.ids().length + held.seen.length - 1;
      await context.eventually('the message came back', () => owners() > 0);
    },
  },
  {
    name: 'when connections are cut a held delivery is either still ours or lost, and never both',
    rules: ['R3', 'R6'],
    claims: { receive: [true], settle: ['message'] },
    needs: ['cut'],
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      const journal = context.journal();
      const handler = journal.handler(() => hold.opened);
      await context.consume(context.client(), orders, handler, { concurrency: 1, prefetch: 1 });
      await publishSome(context, orders, 1);
      await journal.reaches(1);
      const delivery = deliveryOf(journal.seen[0]?.delivery);
      await context.fault('cut')();
      await context.wait(context.times.quietMs);
      const held = await ackHeld(context, delivery);
      hold.open();
      if (held) await context.never('an acked message came again', () => journal.seen.length > 1);
      else {
        await context.eventually('a lost one came again', () => journal.seen.length > 1);
        assert.ok(delivery.signal.aborted, 'the delivery was lost and its signal does not say so');
      }
    },
  },
  {
    name: 'extend makes a lease longer',
    rules: ['R2', 'C1'],
    claims: { receive: [true], lease: [true] },
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const busyMs = context.times.leaseMs * 2;
      const slow = journal.handler(async (delivery) => {
        await delivery.extend(busyMs * 2);
        await context.wait(busyMs);
      });
      const consumer = await context.consume(context.client(), orders, slow);
      await context.consume(context.client(), orders, journal.handler(undefined, 'other'));
      const ids = await publishSome(context, orders, 1);
      await journal.covers(ids);
      const other = (): number => journal.seen.filter((seen) => seen.by === 'other').length;
      await context.eventually('it was acked', () => consumer.stats().acked + other() === 1);
      await eachOnce(context, journal, ids);
    },
  },
];
