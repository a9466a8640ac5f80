import { describe, expect, test } from 'vitest';
import {
  fakeDelivery,
  type FakeDriver,
  fakeDriver,
  type FakeOptions,
  type FakeReceiver,
  plainCapabilities,
} from '../test/support/fake-driver.ts';
import { compositeTransport } from './composite.ts';
import type {
  Address,
  Capabilities,
  Prepared,
  Receiver,
  ReceiverOptions,
  Settlement,
  SettleOutcome,
  Transport,
  WireDelivery,
  WireMessage,
} from './driver.ts';
import { IntermodalError } from './error.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

const orders: Address = { channel: 'orders', group: 'billing', role: 'main' };
const never = new AbortController().signal;

interface Pair {
  readonly first: FakeDriver;
  readonly second: FakeDriver;
  readonly composite: Transport;
  readonly clock: VirtualClock;
}

/** Keys beginning with `2` go to the second. */
function pair(
  one: FakeOptions = {},
  other: FakeOptions = one,
  capabilities: Capabilities = plainCapabilities,
): Pair {
  const first = fakeDriver('one', capabilities, one);
  const second = fakeDriver('two', capabilities, other);
  const composite = compositeTransport({
    first,
    second,
    side: ({ key = '' }) => (key.startsWith('2') ? 'second' : 'first'),
  });
  return { first, second, composite, clock: createVirtualClock({ now: 0 }) };
}

const logCapabilities: Capabilities = {
  ...plainCapabilities,
  settle: 'watermark',
  release: 'none',
  lease: false,
};

interface Opened extends Pair {
  readonly receiver: Receiver;
  readonly one: FakeReceiver;
  readonly two: FakeReceiver;
  readonly lanes: string[];
}

async function open(parts: Pair = pair(), from?: ReceiverOptions['from']): Promise<Opened> {
  const { first, second, composite, clock } = parts;
  const lanes: string[] = [];
  const onLane: ReceiverOptions['onLane'] = async (lane, state) => {
    lanes.push(`${lane} ${state}`);
    return Promise.resolve();
  };
  const options: ReceiverOptions = { prefetch: 10, clock, onLane, from };
  const receiver = await composite.openReceiver?.(orders, options, never);
  const [one] = first.receivers;
  const [two] = second.receivers;
  if (receiver === undefined || one === undefined || two === undefined) {
    throw new Error('nothing was opened');
  }
  return { ...parts, receiver, one, two, lanes };
}

function message(id: string, key: string, parts: Partial<WireMessage> = {}): WireMessage {
  return { id, key, channel: 'orders', headers: new Map(), body: id, ...parts };
}

function ids(deliveries: readonly WireDelivery[]): string[] {
  return deliveries.map((delivery) => delivery.message.id);
}

function maxes(receiver: FakeReceiver): number[] {
  return receiver.polls.map(({ max }) => max);
}

/** Lets promise chains settle. */
async function settled(clock: VirtualClock): Promise<void> {
  await clock.advance(0);
}

describe('sending', () => {
  test('each message goes to its side, and the outcomes come back in order', async () => {
    const { composite, first, second } = pair();
    const sender = await composite.openSender(orders, never);
    first.answer = async (batch) =>
      Promise.resolve(
        batch.map(({ payload }) => ({ ok: true, brokerId: `1-${(payload as WireMessage).id}` })),
      );
    second.answer = async (batch) =>
      Promise.resolve(
        batch.map(() => ({
          ok: false,
          certainty: 'rejected',
          error: new IntermodalError('throttled', ''),
        })),
      );
    const batch = ['1a', '2a', '1b', '2b'].map((key) => sender.prepare(message(`m${key}`, key)));
    const outcomes = await sender.send(batch, never);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.brokerId : outcome.error.code))).toEqual(
      ['1-m1a', 'throttled', '1-m1b', 'throttled'],
    );
    expect(first.sent.map((sent) => sent.map(({ lane }) => lane))).toEqual([['1a', '1b']]);
    expect(second.sent).toHaveLength(1);
  });

  test('lanes of the two sides never collide, and no lane stays none', async () => {
    const { first, second } = pair();
    const side = ({ id }: WireMessage): 'first' | 'second' => (id === 'a' ? 'first' : 'second');
    const sender = await compositeTransport({ first, second, side }).openSender(orders, never);
    expect([
      sender.prepare(message('a', 'k')).lane,
      sender.prepare(message('b', 'k')).lane,
    ]).toEqual(['1:k', '2:k']);
    expect(sender.prepare({ ...message('a', 'k'), key: undefined }).lane).toBeUndefined();
  });

  test('side() sees the address and must answer with a side', async () => {
    const { first, second } = pair();
    const seen: Address[] = [];
    const side = (_message: WireMessage, address: Address): 'first' => {
      seen.push(address);
      return 'third' as 'first';
    };
    const dead: Address = { ...orders, role: 'dead-letter' };
    const sender = await compositeTransport({ first, second, side }).openSender(dead, never);
    expect(() => sender.prepare(message('a', 'k'))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    expect(seen).toEqual([dead]);
  });

  test('a driver that breaks its promises leaves every outcome unknown', async () => {
    const { composite, first, second } = pair();
    const sender = await composite.openSender(orders, never);
    first.answer = async () => Promise.reject(new Error('thrown'));
    second.answer = async () => Promise.resolve([]);
    const outcomes = await sender.send(
      [sender.prepare(message('a', '1')), sender.prepare(message('b', '2'))],
      never,
    );
    expect(outcomes).toMatchObject([
      { ok: false, certainty: 'unknown' },
      { ok: false, certainty: 'unknown' },
    ]);
  });

  test('is dead when one side is, closes the other, and sends nothing more', async () => {
    const { composite, first, second, clock } = pair();
    const sender = await composite.openSender(orders, never);
    const prepared = sender.prepare(message('a', '1'));
    const error = new IntermodalError('unavailable', 'gone');
    second.senders[0]?.die(error);
    await expect(sender.dead).resolves.toBe(error);
    await settled(clock);
    expect(first.senders[0]?.closed).toBe(1);
    await expect(sender.send([prepared], never)).resolves.toMatchObject([
      { ok: false, certainty: 'rejected' },
    ]);
    expect(first.sent).toEqual([]);
  });

  test('closes both, and is then gone without an error', async () => {
    const { composite, first, second } = pair();
    const sender = await composite.openSender(orders, never);
    await sender.close();
    expect([first.senders[0]?.closed, second.senders[0]?.closed]).toEqual([1, 1]);
    await expect(sender.dead).resolves.toBeUndefined();
  });

  test('opens both or neither', async () => {
    const failing = pair({}, { openError: new IntermodalError('not-found', 'no queue') });
    await expect(failing.composite.openSender(orders, never)).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(failing.first.senders[0]?.closed).toBe(1);
    await expect(open(failing)).rejects.toMatchObject({ code: 'not-found' });
    expect(failing.first.receivers[0]?.closed).toBe(1);
  });

  test('the names of a binary CloudEvent are those of its side', async () => {
    const { composite, second } = pair({}, { prefix: 'cloudEvents:' });
    expect(composite.cloudEventsPrefix).toBe('ce-');
    const sender = await composite.openSender(orders, never);
    const headers = new Map([
      ['ce-specversion', '1.0'],
      ['ce-id', 'a'],
      ['tenant', 'x'],
    ]);
    const { payload } = sender.prepare(message('a', '2', { headers }));
    const { entry } = payload as { readonly entry: Prepared };
    expect([...(entry.payload as WireMessage).headers.keys()]).toEqual([
      'cloudEvents:specversion',
      'cloudEvents:id',
      'tenant',
    ]);
    const both = compositeTransport({ first: second, second, side: () => 'first' });
    expect(both.cloudEventsPrefix).toBe('cloudEvents:');
  });
});

describe('receiving', () => {
  test('what comes first is handed out first; the other poll goes on and loses nothing', async () => {
    const { receiver, one, two, clock } = await open();
    const receiving = receiver.receive(10, never);
    expect([maxes(one), maxes(two)]).toEqual([[5], [5]]);
    two.polls[0]?.bring(fakeDelivery('b1'), fakeDelivery('b2'));
    expect(ids(await receiving)).toEqual(['b1', 'b2']);
    one.polls[0]?.bring(fakeDelivery('a1'));
    await settled(clock);
    expect(ids(await receiver.receive(10, never))).toEqual(['a1']);
  });

  test('asks for no more than is wanted, and the busy side for most of it', async () => {
    const { receiver, one, two } = await open();
    let receiving = receiver.receive(10, never);
    two.polls[0]?.bring(fakeDelivery('b1'));
    await receiving;
    one.polls[0]?.bring();
    receiving = receiver.receive(8, never);
    await Promise.resolve();
    two.polls[0]?.bring(fakeDelivery('b2'));
    await receiving;
    one.polls[0]?.bring();
    await Promise.resolve();
    receiving = receiver.receive(9, never);
    expect([maxes(one), maxes(two)]).toEqual([[1], [8]]);
    two.polls[0]?.bring(fakeDelivery('b3'));
    await receiving;
    receiving = receiver.receive(3, never);
    expect([maxes(one), maxes(two)]).toEqual([[1], [2]]);
    two.polls[0]?.bring(fakeDelivery('b4'));
    await receiving;
    void receiver.receive(1, never);
    expect([maxes(one), maxes(two)]).toEqual([[1], [1]]);
  });

  test('no call gives more than it asked for; the rest waits for the next', async () => {
    const { receiver, one, two, clock } = await open();
    const receiving = receiver.receive(1, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    two.polls[0]?.bring(fakeDelivery('b1'));
    expect(ids(await receiving)).toEqual(['a1']);
    await settled(clock);
    expect(ids(await receiver.receive(1, never))).toEqual(['b1']);
  });

  test('several calls at once use the concurrency of a busy side', async () => {
    const { receiver, one, two, clock } = await open(
      pair({ limits: { maxConcurrentReceives: 3 } }),
    );
    expect(receiver.limits).toMatchObject({ maxPerReceive: 20, maxConcurrentReceives: 6 });
    const first = receiver.receive(20, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    await first;
    const calls = [receiver.receive(20, never), receiver.receive(20, never)];
    expect([maxes(one), maxes(two)]).toEqual([[10, 10, 10], [10]]);
    one.polls[0]?.bring(fakeDelivery('a2'));
    await settled(clock);
    two.polls[0]?.bring(fakeDelivery('b1'));
    expect((await Promise.all(calls)).map(ids)).toEqual([['a2'], ['b1']]);
  });

  test('an empty poll is asked again until both sides had one', async () => {
    const { receiver, one, two, clock } = await open();
    let answer: readonly WireDelivery[] | undefined;
    void receiver.receive(10, never).then((deliveries) => (answer = deliveries));
    one.polls[0]?.bring();
    await settled(clock);
    expect([answer, one.polls.length, two.polls.length]).toEqual([undefined, 1, 1]);
    two.polls[0]?.bring();
    await settled(clock);
    expect(answer).toEqual([]);
  });

  test('stop takes the polls with it and hands out what they still bring', async () => {
    const { receiver, one, two } = await open(pair({ stops: false }));
    const stop = new AbortController();
    const receiving = receiver.receive(10, stop.signal);
    stop.abort();
    expect([one.polls[0]?.stop.aborted, two.polls[0]?.stop.aborted]).toEqual([true, true]);
    one.polls[0]?.bring();
    two.polls[0]?.bring(fakeDelivery('late'));
    expect(ids(await receiving)).toEqual(['late']);
    await expect(receiver.receive(10, stop.signal)).resolves.toEqual([]);
  });

  test('stop ends an idle receive at once, and only its own', async () => {
    const { receiver, one, two } = await open();
    const stop = new AbortController();
    const other = receiver.receive(5, never);
    const stopped = receiver.receive(5, stop.signal);
    stop.abort();
    await expect(stopped).resolves.toEqual([]);
    expect([one.polls[0]?.stop.aborted, two.polls[0]?.stop.aborted]).toEqual([false, false]);
    two.polls[0]?.bring(fakeDelivery('b1'));
    expect(ids(await other)).toEqual(['b1']);
  });

  test('after a stop the next receive goes on', async () => {
    const { receiver, one } = await open();
    const stop = new AbortController();
    const stopped = receiver.receive(5, stop.signal);
    stop.abort();
    await stopped;
    const again = receiver.receive(5, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    expect(ids(await again)).toEqual(['a1']);
  });

  test('what nobody has taken when stop aborts goes back at once, and what still comes', async () => {
    const { receiver, one, two, clock } = await open(pair({ stops: false }));
    const stop = new AbortController();
    const receiving = receiver.receive(1, stop.signal);
    one.polls[0]?.bring(fakeDelivery('a1'));
    expect(ids(await receiving)).toEqual(['a1']);
    stop.abort();
    expect(two.polls[0]?.stop.aborted).toBe(true);
    two.polls[0]?.bring(fakeDelivery('b1'));
    await settled(clock);
    expect(two.settled.map(({ action }) => action)).toEqual(['release']);
    await expect(receiver.close(never)).resolves.toEqual({ abandoned: 2 });
    expect([one.settled, two.settled.length]).toEqual([[], 1]);
  });

  test('what is of a lane stays until close where the broker does not lock it', async () => {
    const window: Capabilities = { ...plainCapabilities, isolation: 'window' };
    const { receiver, one, two, clock } = await open(pair({}, {}, window));
    const stop = new AbortController();
    const receiving = receiver.receive(1, stop.signal);
    one.polls[0]?.bring(fakeDelivery('a1'));
    await receiving;
    two.polls[0]?.bring(fakeDelivery('b1', { lane: 'x' }));
    await settled(clock);
    stop.abort();
    await settled(clock);
    expect(two.settled).toEqual([]);
    await receiver.close(never);
    expect(two.settled.map(({ action }) => action)).toEqual(['release']);
  });

  test('an error of one side is told once, and what the other brings is kept', async () => {
    const { receiver, one, two, clock } = await open();
    const receiving = receiver.receive(10, never);
    one.polls[0]?.fail(new IntermodalError('throttled', 'slow down'));
    await expect(receiving).rejects.toMatchObject({ code: 'throttled' });
    two.polls[0]?.bring(fakeDelivery('b1'));
    await settled(clock);
    expect(ids(await receiver.receive(10, never))).toEqual(['b1']);
    const next = receiver.receive(10, never);
    two.polls[0]?.bring(fakeDelivery('b2'));
    await next;
    one.polls[0]?.fail(new IntermodalError('unavailable', 'in the background'));
    await settled(clock);
    await expect(receiver.receive(10, never)).rejects.toMatchObject({ code: 'unavailable' });
    const last = receiver.receive(10, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    expect(ids(await last)).toEqual(['a1']);
  });

  test('an error after a stop is nobody’s', async () => {
    const { receiver, one, two } = await open(pair({ stops: false }));
    const stop = new AbortController();
    const receiving = receiver.receive(10, stop.signal);
    stop.abort();
    one.polls[0]?.fail(new IntermodalError('throttled', 'slow down'));
    two.polls[0]?.bring();
    await expect(receiving).resolves.toEqual([]);
  });

  test('what outlived its lease in the background is not handed out', async () => {
    const { receiver, one, two, clock } = await open();
    const receiving = receiver.receive(10, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    await receiving;
    two.polls[0]?.bring(
      fakeDelivery('old', { leaseUntil: 1_000 }),
      fakeDelivery('fresh', { leaseUntil: 5_000 }),
    );
    await clock.advance(1_000);
    expect(ids(await receiver.receive(10, never))).toEqual(['fresh']);
  });

  test('lanes and positions carry their side', async () => {
    const { receiver, one, two, lanes } = await open();
    const receiving = receiver.receive(2, never);
    one.polls[0]?.bring(fakeDelivery('a1', { lane: 'k', position: '7' }));
    const [delivery] = await receiving;
    expect([delivery?.lane, delivery?.position]).toEqual(['1:k', '1:7']);
    await two.options.onLane('k', 'revoking');
    expect(lanes).toEqual(['2:k revoking']);
  });

  test('a position starts its own side there, and the other at its beginning', async () => {
    const at = await open(pair(), { position: '2:7' });
    expect([at.one.options.from, at.two.options.from]).toEqual(['earliest', { position: '7' }]);
    const latest = await open(pair(), 'latest');
    expect([latest.one.options.from, latest.two.options.from]).toEqual(['latest', 'latest']);
  });
});

describe('settling', () => {
  async function received(
    parts?: Pair,
  ): Promise<Opened & { readonly deliveries: readonly WireDelivery[] }> {
    const opened = await open(parts);
    const { receiver, one, two, clock } = opened;
    const receiving = receiver.receive(4, never);
    one.polls[0]?.bring(
      fakeDelivery('a1', { token: { value: 'a1' } }),
      fakeDelivery('a2', { token: { value: 'a2' } }),
    );
    const some = await receiving;
    two.polls[0]?.bring(
      fakeDelivery('b1', { token: { value: 'b1' } }),
      fakeDelivery('b2', { token: { value: 'b2' } }),
    );
    await settled(clock);
    return { ...opened, deliveries: [...some, ...(await receiver.receive(4, never))] };
  }

  test('each goes to its side, and the outcomes come back in order', async () => {
    const { receiver, one, two, second, deliveries } = await received();
    second.settle = async (batch) => Promise.resolve(batch.map(() => 'lost'));
    const [a1, a2, b1, b2] = deliveries.map(({ token }) => token);
    const batch: Settlement[] = [
      { token: b1!, action: 'ack' },
      { token: a1!, action: 'retry', delayMs: 5, attempt: 2 },
      { token: b2!, action: 'release' },
      { token: a2!, action: 'ack' },
    ];
    await expect(receiver.settle(batch, never)).resolves.toEqual(['lost', 'done', 'lost', 'done']);
    expect(one.settled).toEqual([
      { token: { value: 'a1' }, action: 'retry', delayMs: 5, attempt: 2 },
      { token: { value: 'a2' }, action: 'ack' },
    ]);
    expect(two.settled.map(({ token, action }) => [token.value, action])).toEqual([
      ['b1', 'ack'],
      ['b2', 'release'],
    ]);
  });

  test('a token of another receiver settles nothing', async () => {
    const mine = await received();
    const other = await received();
    const { token } = other.deliveries[0]!;
    await expect(mine.receiver.settle([{ token, action: 'ack' }], never)).resolves.toEqual([
      'lost',
    ]);
    await expect(
      mine.receiver.settle([{ token: { value: 'a1' }, action: 'ack' }], never),
    ).resolves.toEqual(['lost']);
    await expect(mine.receiver.extend?.([token], 5, never)).resolves.toEqual(['lost']);
    expect(mine.one.settled).toEqual([]);
  });

  test('a driver that throws fails its own entries only', async () => {
    const { receiver, first, deliveries } = await received();
    first.settle = async () => Promise.reject(new IntermodalError('throttled', 'slow down'));
    const outcomes = await receiver.settle(
      deliveries.map(({ token }) => ({ token, action: 'ack' })),
      never,
    );
    expect(
      outcomes.map((outcome: SettleOutcome) =>
        typeof outcome === 'object' ? outcome.failed.code : outcome,
      ),
    ).toEqual(['throttled', 'throttled', 'done', 'done']);
  });

  test('leases are extended where there are any', async () => {
    const { receiver, one, two, deliveries } = await received();
    const tokens = deliveries.map(({ token }) => token);
    await expect(receiver.extend?.(tokens, 7, never)).resolves.toEqual(
      tokens.map(() => ({ leaseUntil: 7 })),
    );
    expect([one.extended.length, two.extended.length]).toEqual([2, 2]);
  });

  test('a dead letter has the form of the side its delivery is of', async () => {
    const prepareDeadLetter = ({ id, headers }: WireMessage): Prepared => {
      if (id === 'b1') throw new IntermodalError('too-large', 'no room');
      return { bytes: 1, lane: undefined, payload: [id, [...headers.keys()]] };
    };
    const { receiver, one, two, deliveries } = await received(
      pair({ prepareDeadLetter }, { prepareDeadLetter, prefix: '' }),
    );
    const batch = deliveries.map(({ token, message: { id } }): Settlement => {
      const headers = new Map([
        ['ce-specversion', '1.0'],
        ['ce-type', 'x'],
      ]);
      const deadLetter = receiver.prepareDeadLetter?.(message(id, 'k', { headers }));
      return { token, action: 'reject', reason: 'why', deadLetter: deadLetter! };
    });
    const outcomes = await receiver.settle(batch, never);
    expect(outcomes).toMatchObject(['done', 'done', { failed: { code: 'too-large' } }, 'done']);
    const payloads = [...one.settled, ...two.settled].map((settlement) =>
      settlement.action === 'reject' ? settlement.deadLetter.payload : undefined,
    );
    expect(payloads).toEqual([
      ['a1', ['ce-specversion', 'ce-type']],
      ['a2', ['ce-specversion', 'ce-type']],
      ['b2', ['specversion', 'type']],
    ]);
  });

  test('there is no dead letter in a transaction where one side has none', async () => {
    const prepareDeadLetter = (): Prepared => ({ bytes: 1, lane: undefined, payload: undefined });
    const { receiver } = await open(pair({ prepareDeadLetter }, {}));
    expect(receiver.prepareDeadLetter).toBeUndefined();
  });

  test('logs are checkpointed and paused by lane', async () => {
    const { receiver, one, two, deliveries } = await received(
      pair({ log: true }, { log: true }, logCapabilities),
    );
    expect(receiver.extend).toBeUndefined();
    await expect(receiver.checkpoint?.('2:s', deliveries[2]!.token, never)).resolves.toBe('done');
    await receiver.checkpoint?.('1:s', 'end', never);
    await expect(receiver.checkpoint?.('1:s', { value: 0 }, never)).resolves.toBe('lost');
    receiver.pauseLane?.('2:s', true);
    expect([one.checkpoints, two.checkpoints]).toEqual([[['s', 'end']], [['s', { value: 'b1' }]]]);
    expect(two.paused).toEqual([['s', true]]);
  });
});

describe('the end', () => {
  test('dead when one side is: the other is closed, its tokens die, polls end', async () => {
    const { receiver, one, two, clock } = await open();
    const receiving = receiver.receive(10, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    const [delivery] = await receiving;
    const waiting = receiver.receive(10, never);
    const error = new IntermodalError('unavailable', 'gone');
    two.die(error);
    await expect(receiver.dead).resolves.toBe(error);
    await expect(waiting).resolves.toEqual([]);
    await settled(clock);
    expect([one.closed, two.closed]).toEqual([1, 1]);
    await expect(
      receiver.settle([{ token: delivery!.token, action: 'ack' }], never),
    ).resolves.toEqual(['lost']);
    expect(one.settled).toEqual([]);
    await expect(receiver.receive(10, never)).resolves.toEqual([]);
  });

  test('close gives back what arrived and was not handed out, closes both and counts', async () => {
    const { receiver, one, two } = await open(pair({ stops: false }));
    const receiving = receiver.receive(10, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    await receiving;
    const closing = receiver.close(never);
    two.polls[0]?.bring(fakeDelivery('b1', { token: { value: 'b1' } }));
    await expect(closing).resolves.toEqual({ abandoned: 2 });
    expect(two.settled).toEqual([{ token: { value: 'b1' }, action: 'release' }]);
    expect([one.closed, two.closed]).toEqual([1, 1]);
    await expect(receiver.dead).resolves.toBeUndefined();
  });

  test('what cannot be given back is counted, and a deadline ends the wait for polls', async () => {
    const { receiver, one, two, second, clock } = await open(pair({ stops: false }));
    second.settle = async (batch) => Promise.resolve(batch.map(() => 'lost'));
    const receiving = receiver.receive(10, never);
    one.polls[0]?.bring(fakeDelivery('a1'));
    await receiving;
    two.polls[0]?.bring(fakeDelivery('b1'));
    await settled(clock);
    void receiver.receive(10, never);
    const deadline = new AbortController();
    const closing = receiver.close(deadline.signal);
    deadline.abort();
    await expect(closing).resolves.toEqual({ abandoned: 2 });
  });
});

describe('the rest', () => {
  test('is named after both, checks both and closes both', async () => {
    const { composite, first, second } = pair();
    expect(composite.name).toBe('one+two');
    await composite.check(orders, never);
    await composite.close();
    expect([first.calls, second.calls]).toEqual([
      ['check orders', 'close'],
      ['check orders', 'close'],
    ]);
  });

  test('what both can administer: sums, and exact only where both are', async () => {
    const calls: string[] = [];
    const admin = (name: string, exact: boolean): NonNullable<FakeOptions['admin']> => ({
      provision: async () => {
        calls.push(`${name} provision`);
        return Promise.resolve();
      },
      backlog: async () =>
        Promise.resolve({ ready: 1, inFlight: 2, delayed: 3, deadLettered: 4, exact }),
      redrive: async () => Promise.resolve({ moved: 5 }),
      purge: async () => Promise.resolve(),
    });
    const { composite } = pair(
      { admin: { ...admin('one', true), remove: async () => Promise.resolve() } },
      { admin: admin('two', false) },
    );
    await composite.admin?.provision(
      orders,
      { mode: 'create', order: 'key', maxAttempts: 5 },
      never,
    );
    expect(calls).toEqual(['one provision', 'two provision']);
    await expect(composite.admin?.backlog?.(orders, never)).resolves.toEqual({
      ready: 2,
      inFlight: 4,
      delayed: 6,
      deadLettered: 8,
      exact: false,
    });
    await expect(composite.admin?.redrive?.(orders, {}, never)).resolves.toEqual({ moved: 10 });
    await expect(composite.admin?.purge?.(orders, never)).resolves.toBeUndefined();
    expect(composite.admin?.remove).toBeUndefined();
    expect(pair({ admin: admin('one', true) }, {}).composite.admin).toBeUndefined();
  });

  test('a side that only publishes makes a composite that only publishes', () => {
    const first = fakeDriver('one', plainCapabilities);
    const second = fakeDriver('two', {
      ...plainCapabilities,
      receive: false,
      groups: 'none',
      settle: 'none',
    } as const);
    const composite = compositeTransport({ first, second, side: () => 'first' });
    expect(composite.capabilities.receive).toBe(false);
    expect(composite.openReceiver).toBeUndefined();
  });

  test('a queue and a log are refused', () => {
    const first = fakeDriver('one', plainCapabilities);
    const second = fakeDriver('two', { ...plainCapabilities, settle: 'watermark' } as const);
    expect(() => compositeTransport({ first, second, side: () => 'first' })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });
});
