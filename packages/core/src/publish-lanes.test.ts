import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sender } from './driver.ts';
import { createPending, keepPrepared, type Pending } from './pending.ts';
import { createPublishLanes } from './publish-lanes.ts';

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('publish'), key: fc.constantFrom('a', 'b', 'c', undefined) }),
    fc.record({ do: fc.constant('send') }),
    fc.record({ do: fc.constant('answer'), which: fc.nat(3), failed: fc.nat(255) }),
    fc.record({ do: fc.constant('retry'), which: fc.nat(3) }),
    fc.record({ do: fc.constant('give up'), which: fc.nat(9) }),
  ),
  { maxLength: 80, size: 'max' },
);

test.each(['ordered', 'independent'] as const)(
  'of a lane, nothing is sent before what was published earlier, nor beside it: %s',
  (entries) => {
    const limits = { maxBatchCount: 4, maxBatchBytes: 50, maxInFlight: 3, entries, lingerMs: 0 };
    const sender = { limits } as Sender;

    fc.assert(
      fc.property(steps, (script) => {
        const lanes = createPublishLanes();
        const numbers = new Map<Pending, number>();
        let open: Pending[] = [];
        const batches: Pending[][] = [];
        let held: Pending[] = [];

        const keyOf = (pending: Pending): string | undefined => pending.prepared?.lane;
        const done = (pending: Pending): void => {
          lanes.remove(pending);
          open = open.filter((each) => each !== pending);
        };

        function publish(lane: string | undefined): void {
          const message = { id: 'm', channel: 'c', headers: new Map<string, string>(), body: '' };
          const pending = createPending(
            message,
            0,
            () => undefined,
            () => undefined,
          );
          const bytes = 10 + (numbers.size % 3) * 10;
          keepPrepared(pending, { bytes, lane, payload: undefined }, sender);
          numbers.set(pending, numbers.size);
          open.push(pending);
          lanes.push(pending);
        }

        function send(): void {
          const batch = lanes.take(limits);
          expect(batch.length).toBeLessThanOrEqual(limits.maxBatchCount);
          batch.forEach((pending, index) => {
            if (keyOf(pending) === undefined) return;
            const isSame = (other: Pending): boolean => keyOf(other) === keyOf(pending);
            const before = open.slice(0, open.indexOf(pending)).filter(isSame);
            const beside = batch.slice(0, index).filter(isSame);
            expect(before).toEqual(entries === 'ordered' ? beside : []);
            expect(batches.flat().some(isSame)).toBe(false);
          });
          if (batch.length > 0) batches.push(batch);
        }

        function answer(which: number, failed: number): void {
          const [batch = []] = batches.splice(which % Math.max(1, batches.length), 1);
          const again = batch.filter((_, index) => ((failed >> index) & 1) === 1);
          // Of a key, what follows a failure in an ordered batch has failed too.
          const lost = new Set(again.map(keyOf));
          const isBehind = (pending: Pending): boolean =>
            keyOf(pending) !== undefined &&
            lost.has(keyOf(pending)) &&
            batch.indexOf(pending) >
              batch.findIndex((one) => again.includes(one) && keyOf(one) === keyOf(pending));
          const failing = batch.filter((one) => again.includes(one) || isBehind(one));
          for (const pending of batch) if (!failing.includes(pending)) done(pending);
          held.push(...lanes.hold(failing));
        }

        function retry(which: number): void {
          const [pending] = held.splice(which % Math.max(1, held.length), 1);
          if (pending !== undefined) lanes.unhold(pending);
        }

        function giveUp(which: number): void {
          const idle = lanes.all();
          const pending = idle[which % Math.max(1, idle.length)];
          if (pending === undefined) return;
          held = held.filter((each) => each !== pending);
          done(pending);
        }

        for (const step of script) {
          if (step.do === 'publish') publish(step.key);
          else if (step.do === 'send') send();
          else if (step.do === 'answer') answer(step.which, step.failed);
          else if (step.do === 'retry') retry(step.which);
          else giveUp(step.which);
        }
        for (let left = open.length; open.length > 0; left = open.length) {
          while (held.length > 0) retry(0);
          while (batches.length > 0) answer(0, 0);
          send();
          while (batches.length > 0) answer(0, 0);
          expect(open.length).toBeLessThan(left);
        }
        expect(lanes.readyCount).toBe(0);
      }),
      { numRuns: 500 },
    );
  },
);

test('what does not fit one ordered batch is shared out by lanes, so that batches can be under way at once', () => {
  const limits = {
    maxBatchCount: 4,
    maxBatchBytes: 1_000,
    maxInFlight: 3,
    entries: 'ordered',
    lingerMs: 0,
  } as const;
  const sender = { limits } as Sender;
  const lanes = createPublishLanes();
  for (const id of ['a1', 'b1', 'a2', 'c1', 'b2', 'a3', 'c2', 'd1', 'd2', 'd3', 'd4', 'd5']) {
    const message = { id, channel: 'c', headers: new Map<string, string>(), body: '' };
    const pending = createPending(
      message,
      0,
      () => undefined,
      () => undefined,
    );
    keepPrepared(pending, { bytes: 10, lane: id.charAt(0), payload: undefined }, sender);
    lanes.push(pending);
  }
  const take = (): string[] => lanes.take(limits).map(({ message }) => message.id);
  expect([take(), take(), take(), take()]).toEqual([
    ['a1', 'a2', 'a3'],
    ['b1', 'c1', 'b2', 'c2'],
    ['d1', 'd2', 'd3', 'd4'],
    [],
  ]);
});
