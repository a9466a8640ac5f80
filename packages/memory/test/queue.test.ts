import { expect, test } from 'vitest';
import { stateOf } from '../src/broker/broker.ts';
import {
  deadOrders,
  ids,
  message,
  never,
  openReceiver,
  openSender,
  orders,
  provision,
  receiveNow,
  retry,
  send,
  settle,
  setUp,
} from './support.ts';

test('a message arrives as it was sent, in order of arrival', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  const body = Uint8Array.from({ length: 256 }, (_, index) => index);
  const outcomes = await send(
    sender,
    message('1', { body, headers: new Map([['a', 'ä']]), contentType: 'x/y', publishedAt: 5 }),
    message('2', { body: '' }),
  );
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
  const receiver = await openReceiver(setup);
  const [first, second] = await receiveNow(receiver);
  expect(first?.message).toMatchObject({
    id: '1',
    channel: 'orders',
    body,
    headers: new Map([['a', 'ä']]),
    contentType: 'x/y',
    publishedAt: 5,
  });
  expect(first).toMatchObject({ lane: undefined, attempt: 1, redelivered: false });
  expect(second?.message.body).toBe('');
  expect(outcomes).toEqual([first, second].map((each) => ({ ok: true, position: each?.position })));
});

test('what is done to a body after it was sent or delivered reaches nobody else', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  const body = Buffer.from('abc');
  const prepared = sender.prepare(message('1', { body, headers: new Map([['a', '1']]) }));
  body.fill(0);
  await sender.send([prepared], never);
  const receiver = await openReceiver(setup);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const [delivery] = await receiveNow(receiver);
    const delivered = delivery!.message.body as Uint8Array;
    expect(delivered).toEqual(new Uint8Array([97, 98, 99]));
    expect([...delivery!.message.headers]).toEqual([['a', '1']]);
    delivered.fill(0);
    (delivery!.message.headers as Map<string, string>).clear();
    await retry(receiver, delivery!, 0);
  }
});

test('size counts body and headers, and too much is refused before it is sent', async () => {
  const setup = await setUp({ maxMessageBytes: 10 });
  const sender = await openSender(setup.transport);
  expect(sender.prepare(message('1', { body: 'äää', headers: new Map([['ab', 'ö']]) })).bytes).toBe(
    10,
  );
  expect(() => sender.prepare(message('1', { body: 'a'.repeat(11) }))).toThrow(
    expect.objectContaining({ code: 'too-large', address: 'orders' }),
  );
});

test('every group gets every message, and one that is named gets it alone', async () => {
  const setup = await setUp();
  const shipping = { ...orders, group: 'shipping' };
  await provision(setup.transport, shipping);
  await send(await openSender(setup.transport), message('1'));
  await send(await openSender(setup.transport, orders), message('2'));
  expect(ids(await receiveNow(await openReceiver(setup)))).toEqual(['1', '2']);
  expect(ids(await receiveNow(await openReceiver(setup, {}, shipping)))).toEqual(['1']);
});

test('members of a group compete, and a waiting one is woken', async () => {
  const setup = await setUp();
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const sender = await openSender(setup.transport);
  const waiting = [one.receive(2, never), two.receive(10, never)];
  await send(sender, message('1'), message('2'), message('3'));
  const received = await Promise.all(waiting);
  expect(received.map(ids)).toEqual([['1', '2'], ['3']]);
});

test('of a key one message is out at a time, whoever asks', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  await send(
    sender,
    message('a1', { key: 'a' }),
    message('a2', { key: 'a' }),
    message('b1', { key: 'b' }),
  );
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const first = await receiveNow(one);
  expect(ids(first)).toEqual(['a1', 'b1']);
  expect(first.map(({ lane }) => lane)).toEqual(['a', 'b']);
  expect(await receiveNow(two)).toEqual([]);
  const next = two.receive(10, never);
  await settle(one, first.slice(0, 1));
  expect(ids(await next)).toEqual(['a2']);
});

test('with maxPerKey a batch has several of a key, in order, and nobody gets more until all are settled', async () => {
  const setup = await setUp({ maxPerKey: 2 });
  const sender = await openSender(setup.transport);
  await send(sender, ...['1', '2', '3', '4'].map((id) => message(id, { key: 'a' })));
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const first = await receiveNow(one);
  expect(ids(first)).toEqual(['1', '2']);
  await retry(one, first[0]!, 0);
  expect(await receiveNow(two)).toEqual([]);
  await settle(one, [first[1]!]);
  expect(ids(await receiveNow(two))).toEqual(['1', '3']);
});

test('a retry comes not before its delay, holds back its key and nothing else', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  await send(
    sender,
    message('a1', { key: 'a' }),
    message('a2', { key: 'a' }),
    message('b1', { key: 'b' }),
  );
  const receiver = await openReceiver(setup);
  const [a1, b1] = await receiveNow(receiver);
  await retry(receiver, a1!, 1_000);
  await settle(receiver, [b1!]);
  await send(sender, message('b2', { key: 'b' }), message('c'));
  expect(ids(await receiveNow(receiver))).toEqual(['b2', 'c']);
  await setup.clock.advance(999);
  expect(await receiveNow(receiver)).toEqual([]);
  await setup.clock.advance(1);
  const [again] = await receiveNow(receiver);
  expect(again).toMatchObject({ message: { id: 'a1' }, attempt: 2, redelivered: true });
});

test('a waiting receive gets a delayed message when it is due', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  const receiver = await openReceiver(setup);
  const waiting = receiver.receive(10, never);
  await send(sender, message('late', { delayMs: 2_000 }));
  await send(sender, message('soon', { delayMs: 1_000 }));
  await setup.clock.advance(999);
  expect(setup.broker.unsettled('orders', 'billing').map(({ state }) => state)).toEqual([
    'delayed',
    'delayed',
  ]);
  await setup.clock.advance(1);
  expect(ids(await waiting)).toEqual(['soon']);
});

test('what waited longer than its life is gone, also behind others of its key', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  await send(
    sender,
    message('1', { ttlMs: 1_000 }),
    message('2', { key: 'a' }),
    message('3', { key: 'a', ttlMs: 500 }),
    message('4', { key: 'a' }),
    message('5', { ttlMs: 0 }),
  );
  await setup.clock.advance(1_000);
  const receiver = await openReceiver(setup);
  const first = await receiveNow(receiver);
  expect(ids(first)).toEqual(['2']);
  await settle(receiver, first);
  expect(ids(await receiveNow(receiver))).toEqual(['4']);
});

test('priority goes first; within a key order does', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  await send(
    sender,
    message('low'),
    message('a1', { key: 'a', priority: 1 }),
    message('a2', { key: 'a', priority: 9 }),
    message('high', { priority: 8 }),
  );
  const receiver = await openReceiver(setup);
  const [high, a1] = await receiveNow(receiver, 2);
  expect(ids([high!, a1!])).toEqual(['high', 'a1']);
  await settle(receiver, [a1!]);
  expect(ids(await receiveNow(receiver))).toEqual(['a2', 'low']);
  expect(() => sender.prepare(message('1', { priority: 10 }))).toThrow(
    expect.objectContaining({ code: 'invalid-message' }),
  );
});

test('a repeated dedupe id is confirmed and not stored, for five minutes', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  const [first, repeat] = await send(
    sender,
    message('1', { dedupeId: 'x' }),
    message('2', { dedupeId: 'x' }),
  );
  expect(repeat).toEqual(first);
  await setup.clock.advance(299_999);
  await send(sender, message('3', { dedupeId: 'x' }), message('4', { dedupeId: 'y' }));
  await setup.clock.advance(1);
  await send(sender, message('5', { dedupeId: 'x' }));
  expect(ids(await receiveNow(await openReceiver(setup)))).toEqual(['1', '4', '5']);
});

test('the group that a sender names does not share its dedupe ids with the channel', async () => {
  const setup = await setUp();
  await send(await openSender(setup.transport), message('1', { dedupeId: 'x' }));
  await send(await openSender(setup.transport, orders), message('2', { dedupeId: 'x' }));
  expect(ids(await receiveNow(await openReceiver(setup)))).toEqual(['1', '2']);
});

test('a lease holds while it is extended, then the message comes back and old tokens settle nothing', async () => {
  const setup = await setUp({ leaseMs: 1_000 });
  await send(await openSender(setup.transport), message('1'));
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const [delivery] = await receiveNow(one);
  const start = setup.clock.now();
  expect(delivery?.leaseUntil).toBe(start + 1_000);
  const waiting = two.receive(10, never);
  await setup.clock.advance(900);
  expect(await one.extend?.([delivery!.token], 1_000, never)).toEqual([
    { leaseUntil: start + 1_900 },
  ]);
  await setup.clock.advance(999);
  expect(setup.broker.unsettled('orders', 'billing')).toMatchObject([
    { state: 'in-flight', attempts: 1 },
  ]);
  await setup.clock.advance(1);
  expect(await waiting).toMatchObject([{ message: { id: '1' }, attempt: 2, redelivered: true }]);
  expect(await settle(one, [delivery!])).toEqual(['lost']);
  expect(await one.extend?.([delivery!.token], 1_000, never)).toEqual(['lost']);
  expect(setup.broker.unsettled('orders', 'billing')).toHaveLength(1);
});

test('a lease that ended is noticed although nobody waits', async () => {
  const setup = await setUp();
  await send(await openSender(setup.transport), message('1'));
  const receiver = await openReceiver(setup, { leaseMs: 100 });
  const [delivery] = await receiveNow(receiver);
  await setup.clock.advance(100);
  expect(await settle(receiver, [delivery!])).toEqual(['lost']);
  expect(setup.broker.unsettled('orders', 'billing')).toMatchObject([{ state: 'ready' }]);
});

test('a release is free, a retry counts', async () => {
  const setup = await setUp();
  await send(await openSender(setup.transport), message('1'));
  const receiver = await openReceiver(setup);
  const [first] = await receiveNow(receiver);
  await settle(receiver, [first!], 'release');
  const [second] = await receiveNow(receiver);
  expect(second).toMatchObject({ attempt: 1, redelivered: false });
  await retry(receiver, second!, 0);
  expect((await receiveNow(receiver))[0]).toMatchObject({ attempt: 2, redelivered: true });
});

test('a token settles once, and only at the receiver that got it', async () => {
  const setup = await setUp();
  await send(await openSender(setup.transport), message('1'), message('2'));
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const [first, second] = await receiveNow(one);
  expect(await settle(two, [first!])).toEqual(['lost']);
  expect(await settle(one, [first!, second!, first!])).toEqual(['done', 'done', 'lost']);
  expect(await settle(one, [{ ...first!, token: { value: first!.token.value } }])).toEqual([
    'lost',
  ]);
  expect(setup.broker.unsettled('orders', 'billing')).toEqual([]);
});

test('closing a receiver returns what it held, ends its wait, and leaves its tokens dead', async () => {
  const setup = await setUp();
  await send(
    await openSender(setup.transport),
    message('1', { key: 'a' }),
    message('2', { key: 'a' }),
  );
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const [delivery] = await receiveNow(one);
  const waits = [one.receive(1, never), two.receive(1, never)];
  expect(await one.close(never)).toEqual({ abandoned: 0 });
  expect(await one.dead).toBeUndefined();
  expect(await waits[0]).toEqual([]);
  expect(await waits[1]).toMatchObject([{ message: { id: '1' }, attempt: 2 }]);
  expect(await settle(one, [delivery!])).toEqual(['lost']);
  await expect(one.receive(1, never)).rejects.toMatchObject({ code: 'closed' });
  await one.close(never);
});

test('an empty receive ends with its time or its signal, and leaves no timer', async () => {
  const setup = await setUp();
  const receiver = await openReceiver(setup);
  const waiting = receiver.receive(1, never);
  await setup.clock.advance(receiver.limits.maxWaitMs);
  expect(await waiting).toEqual([]);
  const stop = new AbortController();
  const stopped = receiver.receive(1, stop.signal);
  stop.abort();
  expect(await stopped).toEqual([]);
  expect(await receiver.receive(1, stop.signal)).toEqual([]);
  await send(await openSender(setup.transport), message('1', { delayMs: 1_000, ttlMs: 5_000 }));
  expect(setup.clock.pending).toBe(0);
});

test('nothing is left of a receive that is over, or of what was closed', async () => {
  const setup = await setUp();
  const { connections } = stateOf(setup.broker);
  const sender = await openSender(setup.transport);
  const receiver = await openReceiver(setup);
  for (const wait of [receiver.receive(1, never), receiveNow(receiver)]) {
    await send(sender, message('1'));
    await wait;
  }
  expect([...connections].map(({ waits }) => waits.size)).toEqual([0, 0]);
  await sender.close();
  await receiver.close(never);
  expect(connections.size).toBe(0);
  expect(setup.clock.pending).toBe(0);
});

test('closing a transport closes what it opened and nothing else', async () => {
  const setup = await setUp();
  const other = await setUp();
  const sender = await openSender(setup.transport);
  const receiver = await openReceiver(setup);
  const neighbour = await openReceiver({ ...other, transport: other.transport });
  await setup.transport.close();
  await setup.transport.close();
  expect(await sender.dead).toBeUndefined();
  expect(await receiver.dead).toBeUndefined();
  expect(await send(sender, message('1'))).toMatchObject([
    { ok: false, certainty: 'rejected', error: { code: 'closed' } },
  ]);
  await expect(openSender(setup.transport)).rejects.toMatchObject({ code: 'closed' });
  await expect(setup.transport.check(undefined, never)).rejects.toMatchObject({ code: 'closed' });
  expect(await receiveNow(neighbour)).toEqual([]);
});

test('dead letters are a queue of their own', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport, deadOrders);
  await send(sender, message('1', { headers: new Map([['imreason', 'bad']]) }));
  expect(await receiveNow(await openReceiver(setup))).toEqual([]);
  expect(setup.broker.deadLetters('orders', 'billing')).toMatchObject([
    { state: 'ready', attempts: 0 },
  ]);
  const receiver = await openReceiver(setup, {}, deadOrders);
  const deliveries = await receiveNow(receiver);
  expect(ids(deliveries)).toEqual(['1']);
  expect(await settle(receiver, deliveries)).toEqual(['done']);
});

test('a new group starts where it says: earliest, latest, a time, a position', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  await send(sender, message('1'), message('2'));
  await setup.clock.advance(1_000);
  const time = new Date(setup.clock.now());
  const [third] = await send(sender, message('3'));
  await send(sender, message('4'));
  if (third?.ok !== true || third.position === undefined) throw new Error('it has a position');
  const starts = {
    earliest: 'earliest',
    latest: 'latest',
    time,
    position: { position: third.position },
  } as const;
  const found: Record<string, string[]> = {};
  for (const [group, from] of Object.entries(starts)) {
    const receiver = await openReceiver(setup, { from }, { ...orders, group });
    await send(sender, message(`after ${group}`));
    found[group] = ids(await receiveNow(receiver)).slice(0, 3);
    await setup.transport.admin?.remove?.({ ...orders, group }, never);
  }
  expect(found).toEqual({
    earliest: ['1', '2', '3'],
    latest: ['after latest'],
    time: ['3', '4', 'after earliest'],
    position: ['3', '4', 'after earliest'],
  });
  await expect(
    openReceiver(setup, { from: { position: 'x' } }, { ...orders, group: 'new' }),
  ).rejects.toMatchObject({ code: 'invalid-argument' });
});

test('a provisioned group sees all since; its first receiver may start elsewhere, a later one not', async () => {
  const setup = await setUp({ retain: 2 });
  const sender = await openSender(setup.transport);
  for (let id = 1; id <= 6; id += 1) await send(sender, message(String(id)));
  expect(
    setup.broker
      .published('orders')
      .map(({ id }) => id)
      .at(-1),
  ).toBe('6');
  expect(setup.broker.published('orders').length).toBeLessThanOrEqual(4);
  const first = await openReceiver(setup, { from: 'earliest' });
  const deliveries = await receiveNow(first);
  expect(ids(deliveries)).toEqual(['1', '2', '3', '4', '5', '6']);
  await settle(first, deliveries.slice(0, 5));
  await first.close(never);
  expect(ids(await receiveNow(await openReceiver(setup, { from: 'earliest' })))).toEqual(['6']);
});
