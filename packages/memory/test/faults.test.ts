import { IntermodalError } from '@intermodal/core/driver';
import { expect, test } from 'vitest';
import {
  ids,
  message,
  never,
  openReceiver,
  openSender,
  receiveNow,
  send,
  settle,
  setUp,
} from './support.ts';

const throttled = new IntermodalError('throttled', 'too fast');

test('a failed message fails those behind it in its batch, and nothing later', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  setup.broker.faults.failSends(1, { certainty: 'rejected', error: throttled });
  expect(await send(sender, message('1'), message('2'))).toMatchObject([
    { ok: false, certainty: 'rejected', error: throttled },
    { ok: false, certainty: 'rejected', error: { code: 'unavailable', retryable: true } },
  ]);
  expect(await send(sender, message('3'))).toMatchObject([{ ok: true }]);
  expect(setup.broker.published('orders').map(({ id }) => id)).toEqual(['3']);
});

test('an unknown outcome hides whether the message was stored', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  setup.broker.faults.failSends(1, { certainty: 'unknown', error: throttled, stored: true });
  setup.broker.faults.failSends(1, { certainty: 'unknown', error: throttled, stored: false });
  const outcomes = [await send(sender, message('1')), await send(sender, message('2'))];
  expect(outcomes).toMatchObject([[{ certainty: 'unknown' }], [{ certainty: 'unknown' }]]);
  expect(setup.broker.published('orders').map(({ id }) => id)).toEqual(['1']);
});

test('a cut ends every sender and receiver for good and returns what was unsettled', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  await send(sender, message('1'));
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const [delivery] = await receiveNow(one);
  const waiting = two.receive(1, never);
  setup.broker.faults.cut();
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  expect(await Promise.all([sender.dead, one.dead, two.dead])).toMatchObject(
    Array.from({ length: 3 }, () => ({ code: 'unavailable', retryable: true })),
  );
  expect(await settle(one, [delivery!])).toEqual(['lost']);
  await expect(one.receive(1, never)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await send(sender, message('2'))).toMatchObject([
    { ok: false, certainty: 'rejected', error: { code: 'unavailable' } },
  ]);
  const again = await receiveNow(await openReceiver(setup));
  expect(again).toMatchObject([{ message: { id: '1' }, attempt: 2 }]);
});

test('a cut while sends or confirms are held makes them unknown', async () => {
  const setup = await setUp();
  const { faults } = setup.broker;
  const first = await openSender(setup.transport);
  const releaseSends = faults.hold('sends');
  const unsent = send(first, message('unsent'));
  faults.cut();
  releaseSends();
  expect(await unsent).toMatchObject([{ ok: false, certainty: 'unknown' }]);
  const second = await openSender(setup.transport);
  const releaseConfirms = faults.hold('confirms');
  const sent = send(second, message('sent'));
  faults.cut();
  releaseConfirms();
  expect(await sent).toMatchObject([{ ok: false, certainty: 'unknown' }]);
  expect(setup.broker.published('orders').map(({ id }) => id)).toEqual(['sent']);
});

test('held sends go on when all holds are released; impatience makes them unknown', async () => {
  const setup = await setUp();
  const { faults } = setup.broker;
  const sender = await openSender(setup.transport);
  const releases = [faults.hold('sends'), faults.hold('sends')];
  const patient = send(sender, message('1'));
  const impatient = new AbortController();
  const given = sender.send([sender.prepare(message('2'))], impatient.signal);
  impatient.abort();
  expect(await given).toMatchObject([{ ok: false, certainty: 'unknown' }]);
  releases[0]!();
  releases[0]!();
  expect(setup.broker.published('orders')).toEqual([]);
  releases[1]!();
  expect(await patient).toMatchObject([{ ok: true }]);
});

test('held receives bring nothing until they are released', async () => {
  const setup = await setUp();
  const receiver = await openReceiver(setup);
  const release = setup.broker.faults.hold('receives');
  const waiting = receiver.receive(1, never);
  await send(await openSender(setup.transport), message('1'));
  expect(setup.broker.unsettled('orders', 'billing')).toMatchObject([{ state: 'ready' }]);
  release();
  expect(ids(await waiting)).toEqual(['1']);
});

test('refused connections are refused until undone', async () => {
  const setup = await setUp();
  const { faults } = setup.broker;
  const denied = new IntermodalError('permission-denied', 'no');
  const allow = [faults.refuseConnections(), faults.refuseConnections(denied)];
  await expect(openSender(setup.transport)).rejects.toBe(denied);
  await expect(openReceiver(setup)).rejects.toBe(denied);
  allow[1]!();
  await expect(setup.transport.check(undefined, never)).rejects.toMatchObject({
    code: 'unavailable',
  });
  allow[0]!();
  await setup.transport.check({ channel: 'orders', role: 'main' }, never);
});

test('a restart loses messages and keeps channels and groups', async () => {
  const setup = await setUp();
  const sender = await openSender(setup.transport);
  await send(sender, message('1'), message('2', { delayMs: 1_000 }));
  await receiveNow(await openReceiver(setup));
  setup.broker.faults.restart();
  expect(await sender.dead).toMatchObject({ code: 'unavailable' });
  expect(setup.broker.unsettled('orders', 'billing')).toEqual([]);
  expect(setup.broker.published('orders')).toEqual([]);
  expect(await send(await openSender(setup.transport), message('3'))).toMatchObject([{ ok: true }]);
  expect(ids(await receiveNow(await openReceiver(setup)))).toEqual(['3']);
});

test('leases end at once, and a waiting member gets what was leased', async () => {
  const setup = await setUp();
  await send(await openSender(setup.transport), message('1', { key: 'a' }));
  const [one, two] = [await openReceiver(setup), await openReceiver(setup)];
  const [delivery] = await receiveNow(one);
  const waiting = two.receive(1, never);
  setup.broker.faults.expireLeases();
  expect(await waiting).toMatchObject([{ message: { id: '1' }, attempt: 2 }]);
  expect(await settle(one, [delivery!])).toEqual(['lost']);
});

test('a doubled message comes again before the next of its key, and says so', async () => {
  const setup = await setUp();
  await send(
    await openSender(setup.transport),
    message('1', { key: 'a' }),
    message('2', { key: 'a' }),
  );
  setup.broker.faults.duplicate();
  const receiver = await openReceiver(setup);
  const seen: string[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const deliveries = await receiveNow(receiver);
    seen.push(`${ids(deliveries).join()}:${deliveries[0]?.attempt}`);
    expect(await settle(receiver, deliveries)).toEqual(['done']);
  }
  expect(seen).toEqual(['1:1', '1:2', '2:1']);
  expect(await receiveNow(receiver)).toEqual([]);
});
