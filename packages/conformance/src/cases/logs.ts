import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { openReceiver } from '../driver-level.ts';
import { eachOnce, gate, rejectsWith, upTo } from '../expect.ts';
import { numberOf } from '../journal.ts';
import type { TestChannel, TestDelivery } from '../test-client.ts';
import { publishSome } from './deliver.ts';

const log = { receive: [true], settle: ['watermark'] } as const;
const oneKey = (): string => 'one-key';

export const logs: readonly Case[] = [
  {
    name: 'with A, B and D acked and C and E not, a new owner begins with C',
    rules: ['L1', 'L2'],
    claims: log,
    async run(context) {
      const { orders, ids } = await oneLane(context, 5);
      const [, , c, d, e] = ids;
      await ackThenCrash(context, orders, [ids[0], ids[1], d]);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await journal.covers([c, d, e].filter((id) => id !== undefined));
      const again = ids.filter((id) => journal.of(id).length > 0);
      assert.deepEqual(again, [c, d, e], 'A and B were acked and checkpointed');
    },
  },
  {
    name: 'whatever the order of acks, a crash resumes at or before the first that is not acked',
    rules: ['L1', 'L2', 'R1'],
    claims: log,
    async run(context) {
      for (const round of upTo(4)) {
        const { orders, ids } = await oneLane(context, 12);
        const acked = shuffled(12, round)
          .slice(0, 7)
          .map((n) => ids[n]);
        await ackThenCrash(context, orders, acked);
        const journal = context.journal();
        await context.consume(context.client(), orders, journal.handler());
        await journal.covers(ids.filter((id) => !acked.includes(id)));
      }
    },
  },
  {
    name: 'ack does not wait for other messages',
    rules: ['R4'],
    claims: log,
    async run(context) {
      const orders = await context.channel();
      const hold = gate();
      let acked = 0;
      const handler = async (delivery: TestDelivery): Promise<void> => {
        if (numberOf(delivery.body) === 0) {
          await hold.opened;
          return;
        }
        await delivery.ack();
        acked += 1;
      };
      await context.consume(context.client(), orders, handler);
      await publishSome(context, orders, 6);
      await context.eventually('the others acked', () => acked === 5);
      hold.open();
    },
  },
  {
    name: 'stop awaits the last checkpoint: the next owner begins after it',
    rules: ['R4', 'L2'],
    claims: log,
    async run(context) {
      const orders = await context.channel();
      const first = context.journal();
      const settings = { checkpointMs: 60_000 };
      const consumer = await context.consume(context.client(), orders, first.handler(), settings);
      const before = await publishSome(context, orders, 20, (n) => `key-${String(n % 5)}`);
      await eachOnce(context, first, before);
      await consumer.stop();
      const after = await publishSome(context, orders, 5);
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      await eachOnce(context, journal, after);
    },
  },
  {
    name: 'a checkpoint never goes past a message whose handler has not returned',
    rules: ['L1'],
    claims: log,
    async run(context) {
      const orders = await context.channel();
      await publishSome(context, orders, 8, oneKey);
      const crashing = context.client();
      const journal = context.journal();
      const hold = gate();
      const handler = journal.handler(() => hold.opened);
      await context.consume(crashing, orders, handler, { checkpointMs: 1 });
      await journal.reaches(1);
      await context.wait(context.times.quietMs);
      await context.crash(crashing);
      const next = context.journal();
      await context.consume(context.client(), orders, next.handler());
      await context.eventually('all came again', () => next.ids().length === 8);
      hold.open();
    },
  },
  {
    name: 'workers that join and leave lose nothing',
    rules: ['L2', 'R8'],
    claims: log,
    async run(context) {
      const orders = await context.channel();
      const journal = context.journal();
      const handler = journal.handler(() => context.wait(2));
      await context.consume(context.client(), orders, handler);
      const publisher = context.client();
      const ids: string[] = [];
      for (const round of upTo(4)) {
        const joining = await context.consume(context.client(), orders, handler);
        for (const n of upTo(20)) {
          const key = `key-${String(n % 7)}`;
          ids.push((await publisher.publish(orders, { n: round * 20 + n }, { key })).id);
        }
        await context.wait(context.times.leaseMs / 2);
        await joining.stop();
      }
      await journal.covers(ids);
    },
  },
  {
    name: 'a stolen lane aborts the signals of its old owner, who settles nothing more',
    rules: ['L4', 'R3'],
    claims: log,
    needs: ['expireLeases'],
    async run(context) {
      const orders = await context.channel();
      await publishSome(context, orders, 4, oneKey);
      const hold = gate();
      const held = context.journal();
      const old = context.client();
      const handler = held.handler(() => hold.opened);
      await context.consume(old, orders, handler, { checkpointMs: 1 });
      await held.reaches(1);
      const [first] = held.seen;
      assert.ok(first !== undefined);
      await context.fault('expireLeases')();
      await context.eventually('the signal was aborted', () => first.delivery.signal.aborted);
      await rejectsWith('ack by the old owner', first.delivery.ack(), 'lease-lost');
      hold.open();
      const journal = context.journal();
      await context.consume(context.client(), orders, journal.handler());
      const all = (): number[] => [...journal.numbers(), ...held.numbers().slice(1)];
      await context.eventually('all came to an owner', () =>
        upTo(4).every((n) => all().includes(n)),
      );
    },
  },
  {
    name: 'after a split or merge the children start when their parents are done, in order by key',
    rules: ['L3', 'O1'],
    claims: { ...log, order: ['key'] },
    needs: ['reshard'],
    async run(context) {
      const orders = await context.channel({ order: 'key' });
      const publisher = context.client();
      const publishRound = async (round: number): Promise<void> => {
        for (const n of upTo(24)) {
          const body = { n: round * 4 + Math.floor(n / 6) };
          await publisher.publish(orders, body, { key: `key-${String(n % 6)}` });
        }
      };
      const highest = new Map<string, number>();
      const overtakes: string[] = [];
      const journal = context.journal();
      const hold = gate();
      const handler = journal.handler(async (delivery) => {
        const key = delivery.key ?? '';
        const n = numberOf(delivery.body);
        const before = highest.get(key) ?? -1;
        if (n > before + 1) overtakes.push(`${String(n)} of ${key} after ${String(before)}`);
        await hold.opened;
        await context.wait(4);
        highest.set(key, Math.max(n, before));
      });
      // Room for a whole lane, so that each is read to its end while nothing of it is done.
      const options = { prefetch: 100 };
      for (const _ of upTo(2)) await context.consume(context.client(), orders, handler, options);
      await context.wait(context.times.quietMs);
      await publishRound(0);
      for (const round of [1, 2, 3]) {
        await context.fault('reshard')(orders.name);
        await publishRound(round);
        // Of the first lane that ended nothing has been handled yet.
        await context.never(
          'a child was started before its parent was done',
          () => overtakes.length > 0,
        );
        hold.open();
      }
      await journal.reaches(96);
      assert.deepEqual(overtakes, []);
    },
  },
];

interface OneLane {
  readonly orders: TestChannel;
  /** In the order of the lane. */
  readonly ids: readonly string[];
}

/** A channel, and so many messages of different keys that came to lie in one lane of it. */
async function oneLane(context: Context, count: number): Promise<OneLane> {
  const orders = await context.channel({ groups: [context.group, 'observer'] });
  const wanted = count * 8;
  await publishSome(context, orders, wanted, (n) => `key-${String(n)}`);
  const observer = await openReceiver(context, orders, { group: 'observer', prefetch: wanted });
  const byLane = new Map<string | undefined, string[]>();
  for (const { lane, message } of await observer.collect(wanted)) {
    byLane.set(lane, [...(byLane.get(lane) ?? []), message.id]);
  }
  await observer.close();
  const lanes = [...byLane.values()].sort((left, right) => right.length - left.length);
  const ids = (lanes[0] ?? []).slice(0, count);
  assert.equal(ids.length, count, 'the messages lie in too many lanes for this case');
  return { orders, ids };
}

/** An owner of all lanes holds everything, acks these, in this order, lets checkpoints be written, and dies. */
async function ackThenCrash(
  context: Context,
  orders: TestChannel,
  acked: readonly (string | undefined)[],
): Promise<void> {
  const crashing = context.client();
  const held = new Map<string, TestDelivery>();
  const never = gate();
  const handler = async (delivery: TestDelivery): Promise<void> => {
    held.set(delivery.id, delivery);
    await never.opened;
  };
  const options = { concurrency: 200, prefetch: 200, checkpointMs: 10 };
  await context.consume(crashing, orders, handler, options);
  const wanted = acked.filter((id) => id !== undefined);
  await context.eventually('the owner holds them all', () => wanted.every((id) => held.has(id)));
  for (const id of wanted) await held.get(id)?.ack();
  await context.wait(context.times.quietMs);
  await context.crash(crashing);
  never.open();
}

/** Numbers up to `count` in an order that is the same for the same seed. */
function shuffled(count: number, seed: number): number[] {
  const weight = (n: number): number => ((n + 1) * 2_654_435_761 * (seed + 1)) % 4_294_967_296;
  return upTo(count).sort((left, right) => weight(left) - weight(right));
}
