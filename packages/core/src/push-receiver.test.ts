import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { channel } from './channel.ts';
import { toCloudEvent } from './cloud-events.ts';
import type { DeliveryBase } from './delivery.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError, Rejection } from './error.ts';
import {
  createPushReceiver,
  type PushDelivery,
  type PushOutcome,
  type PushReceiver,
  type PushReceiverOptions,
} from './push-receiver.ts';
import type { StandardSchema } from './schema.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

interface Order {
  readonly id: string;
}

interface Setup {
  readonly clock: VirtualClock;
  readonly receiver: PushReceiver;
  /** What the handler was given, in order. */
  readonly seen: DeliveryBase<Order>[];
  /** Lets the handler of the delivery with this id return, or throw. */
  finish(id: string, error?: unknown): Promise<void>;
}

/** A handler that returns when the test says so. */
function setUp(options: Partial<PushReceiverOptions> = {}): Setup {
  const clock = createVirtualClock({ now: 0 });
  const seen: DeliveryBase<Order>[] = [];
  const ends = new Map<string, (error?: unknown) => void>();
  const retry = { delayMs: () => 70 };
  const receiver = createPushReceiver(
    channel<Order>('orders'),
    { capacity: 2, clock, retry, ...options },
    (delivery) => {
      seen.push(delivery);
      return new Promise((resolve, reject) => {
        ends.set(delivery.id, (error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });
    },
  );
  return {
    clock,
    receiver,
    seen,
    async finish(id, error) {
      await clock.advance(0);
      ends.get(id)?.(error);
      await clock.advance(0);
    },
  };
}

function message(id: string, parts: Partial<WireMessage> = {}): WireMessage {
  const body = JSON.stringify({ id });
  return {
    id,
    channel: 'orders',
    headers: new Map(),
    contentType: 'application/json',
    body,
    ...parts,
  };
}

function pushed(id: string, parts: Partial<PushDelivery> = {}): PushDelivery {
  return { message: message(id), deadlineMs: 1_000, ...parts };
}

/** A receiver whose handler is given. */
async function outcomeOf(
  handler: (delivery: DeliveryBase<Order>) => Promise<void> | void,
  parts: Partial<PushDelivery> = {},
  options: Partial<PushReceiverOptions> = {},
): Promise<PushOutcome> {
  const retry = { delayMs: () => 70 };
  const clock = createVirtualClock();
  const receiver = createPushReceiver(
    channel<Order>('orders'),
    { capacity: 1, retry, clock, ...options },
    handler,
  );
  return receiver.receive(pushed('a', parts));
}

describe('outcomes', () => {
  test('return is ack, for a handler that waits and one that does not', async () => {
    await expect(outcomeOf(() => undefined)).resolves.toEqual({ action: 'ack' });
    await expect(outcomeOf(async () => Promise.resolve())).resolves.toEqual({ action: 'ack' });
  });

  test('throw is retry by policy, with why', async () => {
    const error = new Error('no');
    const fail = (): void => {
      throw error;
    };
    await expect(outcomeOf(fail)).resolves.toEqual({ action: 'retry', delayMs: 70, error });
    await expect(outcomeOf(async () => Promise.reject(error))).resolves.toMatchObject({
      action: 'retry',
    });
  });

  test('attempts run out only where they are counted', async () => {
    const fail = (): void => {
      throw new TypeError('broken');
    };
    await expect(outcomeOf(fail, { attempt: 4 })).resolves.toMatchObject({ action: 'retry' });
    await expect(outcomeOf(fail, { attempt: 5 })).resolves.toEqual({
      action: 'reject',
      reason: 'TypeError: broken',
    });
    await expect(outcomeOf(fail)).resolves.toMatchObject({ action: 'retry' });
    const once = { retry: { maxAttempts: 1 } };
    await expect(outcomeOf(fail, { attempt: 1 }, once)).resolves.toMatchObject({
      action: 'reject',
    });
  });

  test('a long reason is cut, never through a character', async () => {
    const outcome = await outcomeOf(
      () => {
        throw new Error(`${'x'.repeat(503)}\u{1F600}\u{1F600}`);
      },
      { attempt: 5 },
    );
    const { reason } = outcome as { readonly reason: string };
    expect(reason).toHaveLength(512);
    expect(reason.isWellFormed()).toBe(true);
  });

  test('a thrown Rejection is reject', async () => {
    const outcome = await outcomeOf(() => {
      throw new Rejection('no such customer');
    });
    expect(outcome).toEqual({ action: 'reject', reason: 'no such customer' });
  });

  test('what the handler settles stands, whatever it does then', async () => {
    const after = new Error('after');
    const retried = await outcomeOf(async (delivery) => delivery.retry({ delayMs: 5 }));
    expect(retried).toEqual({ action: 'retry', delayMs: 5 });
    const acked = await outcomeOf(async (delivery) => {
      await delivery.ack();
      throw after;
    });
    expect(acked).toEqual({ action: 'ack' });
    const refused = await outcomeOf(async (delivery) => delivery.reject('why'));
    expect(refused).toEqual({ action: 'reject', reason: 'why' });
    await expect(outcomeOf(async (delivery) => delivery.retry())).resolves.toEqual({
      action: 'retry',
      delayMs: 70,
    });
  });

  test('settling twice alike is the same promise, differently is refused', async () => {
    await outcomeOf(async (delivery) => {
      const first = delivery.ack();
      expect(delivery.ack()).toBe(first);
      await first;
      await expect(delivery.retry()).rejects.toMatchObject({ code: 'already-settled' });
      await expect(delivery.reject('x')).rejects.toMatchObject({ code: 'already-settled' });
    });
    await outcomeOf(async (delivery) => {
      await delivery.retry({ delayMs: 1 });
      await expect(delivery.retry({ delayMs: 1 })).resolves.toBeUndefined();
      await expect(delivery.retry({ delayMs: 2 })).rejects.toMatchObject({
        code: 'already-settled',
      });
    });
    await outcomeOf(async (delivery) => {
      await expect(delivery.retry({ delayMs: -1 })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    });
  });

  test('after the return the same settlement is still the same', async () => {
    let late: DeliveryBase<Order> | undefined;
    await outcomeOf((delivery) => {
      late = delivery;
    });
    await expect(late?.ack()).resolves.toBeUndefined();
    await expect(late?.retry()).rejects.toMatchObject({ code: 'already-settled' });
  });
});

describe('the delivery', () => {
  test('has everything that a consumer would see', async () => {
    const { receiver, seen, finish } = setUp({ group: 'billing' });
    const native = { raw: true };
    const headers = new Map([['tenant', 'x']]);
    const full = message('a', { key: 'k', publishedAt: 5, headers });
    const outcome = receiver.receive({ ...pushed('a'), message: full, attempt: 2, native });
    await finish('a');
    await outcome;
    expect(seen[0]).toMatchObject({
      id: 'a',
      channel: 'orders',
      group: 'billing',
      key: 'k',
      body: { id: 'a' },
      headers,
      publishedAt: new Date(5),
      attempt: 2,
      redelivered: true,
      native,
    });
    expect(seen[0]?.signal.aborted).toBe(false);
  });

  test('a CloudEvent is unwrapped', async () => {
    const event = toCloudEvent(message('inner'), { mode: 'structured' });
    let id: string | undefined;
    const handler = (delivery: DeliveryBase<Order>): void => {
      id = `${delivery.id} ${delivery.body.id} ${String(delivery.redelivered)}`;
    };
    await outcomeOf(handler, { message: { ...event, id: 'outer' } });
    expect(id).toBe('inner inner false');
  });

  test('the schema validates and transforms, at once or later', async () => {
    const schema: StandardSchema<unknown, number> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) =>
          Promise.resolve(
            typeof value === 'number' ? { value: value + 1 } : { issues: [{ message: 'x' }] },
          ),
      },
    };
    const bodies: unknown[] = [];
    const receiver = createPushReceiver(
      channel('orders', { schema }),
      { capacity: 1 },
      ({ body }) => {
        bodies.push(body);
      },
    );
    await expect(
      receiver.receive({ message: message('a', { body: '1' }), deadlineMs: 1_000 }),
    ).resolves.toEqual({
      action: 'ack',
    });
    await expect(
      receiver.receive({ message: message('a', { body: '"x"' }), deadlineMs: 1_000 }),
    ).resolves.toEqual({
      action: 'reject',
      reason: "the body does not fit the schema of 'orders': the body itself",
    });
    expect(bodies).toEqual([2]);
  });

  test('what cannot be understood is rejected alone, without the handler', async () => {
    const { receiver, seen } = setUp();
    const undecodable = new IntermodalError('invalid-message', 'no envelope');
    await expect(receiver.receive(pushed('a', { undecodable }))).resolves.toEqual({
      action: 'reject',
      reason: 'no envelope',
    });
    const broken = pushed('b', { message: message('b', { body: '{' }) });
    await expect(receiver.receive(broken)).resolves.toMatchObject({ action: 'reject' });
    expect([seen.length, receiver.running]).toEqual([0, 0]);
  });

  test('a control message never reaches the handler', async () => {
    const { receiver, seen } = setUp();
    const control = message('a', { headers: new Map([['imctl', 'fence']]) });
    await expect(receiver.receive(pushed('a', { message: control }))).resolves.toEqual({
      action: 'ack',
    });
    expect(seen).toEqual([]);
  });

  test('middleware wraps the handler, outermost first, and its throw is the handler’s', async () => {
    const steps: string[] = [];
    const layer = (name: string): NonNullable<PushReceiverOptions['middleware']>[number] => {
      return async (delivery, next) => {
        steps.push(`${name} ${delivery.id}`);
        await next();
        steps.push(`${name} after`);
      };
    };
    await outcomeOf(() => void steps.push('handler'), {}, { middleware: [layer('a'), layer('b')] });
    expect(steps).toEqual(['a a', 'b a', 'handler', 'b after', 'a after']);
    const refuse = { middleware: [async () => Promise.reject(new Rejection('not for us'))] };
    await expect(outcomeOf(() => undefined, {}, refuse)).resolves.toMatchObject({
      action: 'reject',
    });
  });
});

describe('limits', () => {
  test('over capacity is answered at once, until a handler has returned', async () => {
    const { receiver, finish } = setUp();
    const first = receiver.receive(pushed('a'));
    void receiver.receive(pushed('b'));
    await expect(receiver.receive(pushed('c'))).resolves.toEqual({ action: 'over-capacity' });
    await finish('a');
    await expect(first).resolves.toEqual({ action: 'ack' });
    const again = receiver.receive(pushed('c'));
    await finish('c');
    await expect(again).resolves.toEqual({ action: 'ack' });
  });

  test('at the deadline the answer is retry, the signal aborts, and the slot is held until the return', async () => {
    const { receiver, clock, seen, finish } = setUp({ capacity: 1 });
    const outcome = receiver.receive(pushed('a', { deadlineMs: 500 }));
    await clock.advance(499);
    expect(seen[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    await expect(outcome).resolves.toMatchObject({
      action: 'retry',
      delayMs: 70,
      error: { code: 'timeout' },
    });
    expect(seen[0]?.signal.reason).toMatchObject({ code: 'timeout' });
    await expect(seen[0]?.ack()).rejects.toMatchObject({ code: 'lease-lost' });
    await expect(receiver.receive(pushed('b'))).resolves.toEqual({ action: 'over-capacity' });
    await finish('a');
    expect(receiver.running).toBe(0);
  });

  test('what was settled before the deadline stands', async () => {
    const { receiver, clock, seen } = setUp();
    const outcome = receiver.receive(pushed('a', { deadlineMs: 500 }));
    await clock.advance(0);
    await seen[0]?.ack();
    await clock.advance(500);
    await expect(outcome).resolves.toEqual({ action: 'ack' });
    expect(seen[0]?.signal.aborted).toBe(true);
  });

  test('a sender that no longer waits aborts the handler', async () => {
    const { receiver, clock, seen } = setUp();
    const controller = new AbortController();
    const outcome = receiver.receive(pushed('a', { signal: controller.signal }));
    await clock.advance(0);
    controller.abort();
    await expect(outcome).resolves.toMatchObject({ action: 'retry', error: { code: 'aborted' } });
    expect(seen[0]?.signal.aborted).toBe(true);
  });

  test.each([
    ['a deadline that has passed', { deadlineMs: 0 }],
    ['a sender that is gone', { signal: AbortSignal.abort() }],
  ])('%s never reaches the handler', async (_what, parts) => {
    const { receiver, clock, seen } = setUp();
    await expect(receiver.receive(pushed('a', parts))).resolves.toMatchObject({ action: 'retry' });
    await clock.advance(0);
    expect([seen.length, receiver.running, clock.pending]).toEqual([0, 0, 0]);
  });

  test('nothing is left behind: no timer, no listener', async () => {
    const { receiver, clock, finish } = setUp();
    const controller = new AbortController();
    const outcome = receiver.receive(pushed('a', { signal: controller.signal }));
    await clock.advance(0);
    await finish('a');
    await outcome;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect([clock.pending, receiver.running]).toEqual([0, 0]);
  });

  test.each([Number.NaN, Infinity])('refuses the deadline %s', async (deadlineMs) => {
    const { receiver } = setUp();
    await expect(receiver.receive(pushed('a', { deadlineMs }))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test.each([{ capacity: 0 }, { capacity: 1.5 }, { group: 'No' }, { retry: { maxAttempts: 0 } }])(
    'refuses the options %j',
    (options) => {
      expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );
});

describe('lanes', () => {
  test('one after the other within a lane, others beside it', async () => {
    const { receiver, clock, seen, finish } = setUp({ capacity: 3 });
    const first = receiver.receive(pushed('a1', { lane: 'a' }));
    const second = receiver.receive(pushed('a2', { lane: 'a' }));
    void receiver.receive(pushed('b1', { lane: 'b' }));
    await clock.advance(0);
    expect(seen.map(({ id }) => id)).toEqual(['a1', 'b1']);
    await finish('a1');
    expect(seen.map(({ id }) => id)).toEqual(['a1', 'b1', 'a2']);
    await finish('a2');
    await expect(Promise.all([first, second])).resolves.toEqual([
      { action: 'ack' },
      { action: 'ack' },
    ]);
  });

  test('nothing overtakes a delivery that is to be retried', async () => {
    const { receiver, clock, seen, finish } = setUp({ capacity: 3 });
    const outcomes = ['a1', 'a2', 'a3'].map(async (id) =>
      receiver.receive(pushed(id, { lane: 'a' })),
    );
    await clock.advance(0);
    await finish('a1', new Error('no'));
    await expect(Promise.all(outcomes)).resolves.toMatchObject([
      { action: 'retry', delayMs: 70 },
      { action: 'retry' },
      { action: 'retry' },
    ]);
    expect(seen.map(({ id }) => id)).toEqual(['a1']);
  });

  test('a rejected one lets the next go on', async () => {
    const { receiver, clock, finish } = setUp();
    const first = receiver.receive(pushed('a1', { lane: 'a' }));
    const second = receiver.receive(pushed('a2', { lane: 'a' }));
    await clock.advance(0);
    await finish('a1', new Rejection('no'));
    await finish('a2');
    await expect(Promise.all([first, second])).resolves.toMatchObject([
      { action: 'reject' },
      { action: 'ack' },
    ]);
  });

  test('a lane is held until the handler has returned, and its retry is then handled', async () => {
    const { receiver, clock, seen, finish } = setUp();
    const first = receiver.receive(pushed('a1', { lane: 'a', deadlineMs: 100 }));
    await clock.advance(100);
    await expect(first).resolves.toMatchObject({ action: 'retry' });
    const again = receiver.receive(pushed('again', { lane: 'a' }));
    await clock.advance(10);
    expect(seen.map(({ id }) => id)).toEqual(['a1']);
    await finish('a1');
    await finish('again');
    await expect(again).resolves.toEqual({ action: 'ack' });
  });

  test('who waits for a turn is answered at its own deadline', async () => {
    const { receiver, clock, seen, finish } = setUp();
    void receiver.receive(pushed('a1', { lane: 'a', deadlineMs: 500 }));
    const second = receiver.receive(pushed('a2', { lane: 'a', deadlineMs: 100 }));
    await clock.advance(100);
    await expect(second).resolves.toMatchObject({ action: 'retry', error: { code: 'timeout' } });
    await finish('a1');
    expect([seen.length, receiver.running]).toEqual([1, 0]);
  });
});

describe('close', () => {
  test('takes nothing more and waits for the handlers', async () => {
    const { receiver, clock, finish } = setUp();
    const outcome = receiver.receive(pushed('a'));
    await clock.advance(0);
    const closing = receiver.close();
    await expect(receiver.receive(pushed('b'))).resolves.toEqual({ action: 'over-capacity' });
    await finish('a');
    await expect(outcome).resolves.toEqual({ action: 'ack' });
    await expect(closing).resolves.toEqual({ completed: 1, released: 0, abandoned: 0 });
    expect(receiver.close()).toBe(closing);
    expect(clock.pending).toBe(0);
  });

  test('at its deadline signals abort and the answer is retry', async () => {
    const { receiver, clock, seen, finish } = setUp();
    const stuck = receiver.receive(pushed('a'));
    const done = receiver.receive(pushed('b'));
    await clock.advance(0);
    const closing = receiver.close({ deadlineMs: 50 });
    await finish('b');
    await clock.advance(50);
    await expect(closing).resolves.toEqual({ completed: 1, released: 0, abandoned: 1 });
    await expect(stuck).resolves.toMatchObject({ action: 'retry', error: { code: 'closed' } });
    await expect(done).resolves.toEqual({ action: 'ack' });
    expect(seen[0]?.signal.aborted).toBe(true);
  });

  test('of an idle receiver is at once, also by `await using`', async () => {
    const { receiver, clock } = setUp();
    await expect(receiver.close()).resolves.toEqual({ completed: 0, released: 0, abandoned: 0 });
    await receiver[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });
});
