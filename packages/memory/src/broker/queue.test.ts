import { createVirtualClock, type VirtualClock } from '@intermodal/core/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Stored } from '../message.ts';
import { createQueue, type Entry } from './queue.ts';

const leaseMs = 50;
const retryMs = 20;

/** Two members of a group at work on one queue, and what they must never see. */
function createModel(clock: VirtualClock, maxPerKey: number) {
  const queue = createQueue(clock);
  const holders = [{}, {}] as const;
  const left: Stored[] = [];
  const notBefore = new Map<Stored, number>();
  const violations: string[] = [];
  let sequence = 0;

  const held = (): Stored[] =>
    queue.entries().flatMap(({ lease, stored }) => (lease === undefined ? [] : [stored]));
  const heldBy = (who: 0 | 1): Entry[] =>
    queue.entries().filter(({ lease }) => lease?.value === holders[who]);
  const must = (holds: boolean, rule: string): void => {
    if (!holds) violations.push(rule);
  };

  return {
    queue,
    heldBy,
    left,
    violations,
    add(key: string | undefined, priority: number, delayMs: number): void {
      const now = clock.now();
      const stored: Stored = {
        message: { id: `${sequence}`, channel: 'orders', key, headers: new Map(), body: '' },
        priority,
        sequence,
        arrivedAt: now,
        visibleAt: now + delayMs,
        expiresAt: Infinity,
        only: undefined,
      };
      sequence += 1;
      left.push(stored);
      notBefore.set(stored, stored.visibleAt);
      queue.add(stored);
    },
    take(who: 0 | 1, max: number): void {
      const before = held();
      const taken = queue
        .take(max, maxPerKey, leaseMs, holders[who])
        .map(({ entry }) => entry.stored);
      must(taken.length <= max, 'no more than asked for');
      for (const stored of taken) {
        must(left.includes(stored), 'nothing that was settled');
        must(!before.includes(stored), 'nothing that is leased');
        must((notBefore.get(stored) ?? 0) <= clock.now(), 'nothing early');
      }
      for (const key of ['a', 'b']) {
        const isOfKey = (stored: Stored): boolean => stored.message.key === key;
        const ofKey = taken.filter(isOfKey);
        must(ofKey.length <= maxPerKey, 'no more of a key than maxPerKey');
        must(ofKey.length === 0 || !before.some(isOfKey), 'nothing of a key that is leased');
        const oldest = left.filter(isOfKey).slice(0, ofKey.length);
        must(
          ofKey.every((stored, index) => stored === oldest[index]),
          'a key in its order',
        );
      }
    },
    settle(who: 0 | 1, which: number, how: 'ack' | 'retry' | 'release' | 'extend'): void {
      const entry = heldBy(who)[which];
      if (entry === undefined) return;
      switch (how) {
        case 'ack':
          left.splice(left.indexOf(entry.stored), 1);
          queue.ack(entry);
          break;
        case 'retry':
          notBefore.set(entry.stored, clock.now() + retryMs);
          queue.giveBack(entry, retryMs, 'counted');
          break;
        case 'release':
          queue.giveBack(entry, 0, 'free');
          break;
        case 'extend':
          queue.extend(entry, leaseMs);
          break;
      }
    },
  };
}

type Model = ReturnType<typeof createModel>;
type Step = (model: Model, clock: VirtualClock) => void | Promise<void>;

const who = fc.constantFrom(0 as const, 1 as const);
const add = fc
  .tuple(fc.constantFrom('a', 'b', undefined), fc.constantFrom(0, 0, 9), fc.constantFrom(0, 0, 30))
  .map(([key, priority, delayMs]): Step => (model) => {
    model.add(key, priority, delayMs);
  });
const take = fc.tuple(who, fc.integer({ min: 1, max: 4 })).map(([by, max]): Step => (model) => {
  model.take(by, max);
});
const settle = fc
  .tuple(who, fc.nat({ max: 3 }), fc.constantFrom('ack', 'ack', 'retry', 'release', 'extend'))
  .map(([by, which, how]): Step => (model) => {
    model.settle(by, which, how);
  });
const advance = fc.nat({ max: 60 }).map(
  (ms): Step =>
    (_model, clock) =>
      clock.advance(ms),
);
const steps = fc.array(fc.oneof(add, add, take, take, settle, settle, advance), { maxLength: 60 });

test('nothing is lost, given out twice, given out early, or out of order within its key', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (steps, maxPerKey) => {
      const clock = createVirtualClock();
      const model = createModel(clock, maxPerKey);
      const { queue, left, heldBy, violations } = model;
      for (const step of steps) {
        queue.tick();
        await step(model, clock);
        expect(violations).toEqual([]);
        expect(queue.entries().map(({ stored }) => stored)).toEqual(left);
      }
      // Once nobody is at work on anything, everything comes.
      await clock.advance(leaseMs);
      for (let turn = left.length; turn > 0; turn -= 1) {
        queue.tick();
        model.take(0, 4);
        while (heldBy(0).length > 0) model.settle(0, 0, 'ack');
      }
      expect(violations).toEqual([]);
      expect(queue.entries()).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
