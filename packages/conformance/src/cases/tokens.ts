import assert from 'node:assert/strict';
import type { SettleOutcome, Settlement, Token, WireDelivery } from '@intermodal/core/driver';
import { type Case, membersShare } from '../case.ts';
import type { Context } from '../context.ts';
import { type DriverReceiver, openReceiver, unbounded } from '../driver-level.ts';
import { eachOnce } from '../expect.ts';
import { publishSome } from './deliver.ts';

export const tokens: readonly Case[] = [
  {
    name: 'the token of an earlier connection settles nothing, not even the message it was of',
    rules: ['R6'],
    claims: { receive: [true], settle: ['message'] },
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 3);
      const transport = context.transport();
      const before = await openReceiver(context, orders, { transport });
      const stale = tokensOf(await before.collect(3));
      await before.close();
      const after = await openReceiver(context, orders, { transport });
      await after.collect(3);
      await refuses(context, after, stale);
      await before.receiver.dead;
      await refuses(context, before, stale);
      await after.close();
      await allCome(context, orders, ids);
    },
  },
  {
    name: 'the token of a cut connection settles nothing',
    rules: ['R6', 'F2'],
    claims: { receive: [true], settle: ['message'] },
    needs: ['cut'],
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 3);
      const transport = context.transport();
      const before = await openReceiver(context, orders, { transport });
      const stale = tokensOf(await before.collect(3));
      await context.fault('cut')();
      // Where no connection holds the tokens (HTTP), a cut takes nothing away, and the receiver lives on.
      const died = before.receiver.dead.then(() => true);
      const dead = await Promise.race([
        died,
        context.wait(context.times.quietMs).then(() => false),
      ]);
      if (dead) await refuses(context, before, stale);
      else await before.close();
      const after = await openReceiver(context, orders, { transport });
      await after.collect(3);
      await refuses(context, after, stale);
      await after.close();
      await allCome(context, orders, ids);
    },
  },
  {
    name: 'the token of one receiver is refused by another one',
    rules: ['R6'],
    claims: membersShare,
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 4);
      const transport = context.transport();
      const one = await openReceiver(context, orders, { transport, prefetch: 2 });
      const ofOne = tokensOf(await one.collect(2));
      const other = await openReceiver(context, orders, { transport, prefetch: 2 });
      const ofOther = tokensOf(await other.collect(2));
      await refuses(context, other, ofOne);
      await refuses(context, one, ofOther);
      await one.close();
      await other.close();
      await allCome(context, orders, ids);
    },
  },
  {
    name: 'a token that was settled cannot be settled again for another message',
    rules: ['R6', 'R5'],
    claims: { receive: [true], settle: ['message'] },
    async run(context) {
      const orders = await context.channel();
      const ids = await publishSome(context, orders, 2);
      const one = await openReceiver(context, orders, { prefetch: 1 });
      const [first] = await one.collect(1);
      assert.ok(first !== undefined);
      const ack: Settlement = { token: first.token, action: 'ack' };
      const settling = one.receiver.settle([ack], unbounded());
      assert.deepEqual(await context.within('a settlement', settling), ['done']);
      await one.collect(2);
      // Alike it may say `done` again; what it must not do is to touch the second message.
      await context.within('a repeated settlement', one.receiver.settle([ack], unbounded()));
      await one.close();
      await allCome(
        context,
        orders,
        ids.filter((id) => id !== first.message.id),
      );
    },
  },
];

function tokensOf(deliveries: readonly WireDelivery[]): Token[] {
  return deliveries.map((delivery) => delivery.token);
}

async function refuses(
  context: Context,
  { receiver }: DriverReceiver,
  stale: readonly Token[],
): Promise<void> {
  const acks = stale.map((token): Settlement => ({ token, action: 'ack' }));
  const settling = receiver.settle(acks, unbounded());
  const outcomes = await context.within('outcomes of a stale settlement', settling);
  assert.equal(outcomes.length, stale.length);
  for (const outcome of outcomes)
    assert.notEqual(textOf(outcome), 'done', 'a stale token settled something');
}

function textOf(outcome: SettleOutcome): string {
  return typeof outcome === 'string' ? outcome : outcome.failed.code;
}

/** Nothing was settled: everything is still there for the next consumer. */
async function allCome(
  context: Context,
  orders: Parameters<typeof publishSome>[1],
  ids: readonly string[],
): Promise<void> {
  const journal = context.journal();
  await context.consume(context.client(), orders, journal.handler());
  await eachOnce(context, journal, ids);
}
