import { expect, test } from 'vitest';
import type { Receiver, WireDelivery } from './driver.ts';
import { createFetcher, type Fetcher } from './fetcher.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
import { createWheel } from './wheel.ts';

interface Scripted {
  readonly clock: VirtualClock;
  readonly fetcher: Fetcher;
  /** What each receive asked for. */
  readonly asked: number[];
  /** Answers the oldest receive in full. */
  answer(): Promise<void>;
  settle(count: number): void;
}

function scripted(prefetch: number, settleLingerMs: number): Scripted {
  const clock = createVirtualClock();
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  let held = 0;
  const fetcher = createFetcher({
    wheel: createWheel(clock),
    prefetch,
    held: () => held,
    onDeliveries(_, deliveries) {
      held += deliveries.length;
    },
    onFatal(error) {
      throw error;
    },
  });
  const receiver: Receiver = {
    limits: {
      maxPerReceive: 10,
      maxConcurrentReceives: 10,
      maxWaitMs: 20_000,
      maxPerSettle: 10,
      settleLingerMs,
    },
    dead: new Promise(() => undefined),
    receive(max) {
      asked.push(max);
      return new Promise((resolve) => {
        answers.push(() => {
          resolve(Array.from({ length: max }, () => ({}) as WireDelivery));
        });
      });
    },
    settle: () => Promise.resolve([]),
    close: () => Promise.resolve({ abandoned: 0 }),
  };
  fetcher.use(receiver);
  return {
    clock,
    fetcher,
    asked,
    async answer() {
      answers.shift()?.();
      await clock.advance(0);
    },
    settle(count) {
      held -= count;
      fetcher.fill();
    },
  };
}

/** Thirty of thirty-two are held: the two that are left are not worth a request yet. */
async function nearlyFull(settleLingerMs: number): Promise<Scripted> {
  const script = scripted(32, settleLingerMs);
  for (let receives = 0; receives < 3; receives += 1) await script.answer();
  expect(script.asked).toEqual([10, 10, 10]);
  return script;
}

test('a few free slots are used after a while, sooner where a request costs nothing', async () => {
  for (const [settleLingerMs, waitMs] of [
    [0, 10],
    [5, 50],
  ] as const) {
    const { clock, asked } = await nearlyFull(settleLingerMs);
    await clock.advance(waitMs - 10);
    expect(asked).toHaveLength(3);
    await clock.advance(20);
    expect(asked).toEqual([10, 10, 10, 2]);
  }
});

test('a full receive meanwhile begins the wait anew, so that none after it asks for few', async () => {
  const { clock, asked, answer, settle } = await nearlyFull(5);
  await clock.advance(40);
  settle(10);
  expect(asked).toEqual([10, 10, 10, 10]);
  await answer();
  await clock.advance(40);
  settle(10);
  expect(asked).toEqual([10, 10, 10, 10, 10]);
});
