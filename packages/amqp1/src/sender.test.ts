import type { EventContext } from 'rhea';
import { expect, test } from 'vitest';
import { startScriptedPeer } from '../test/scripted-peer.ts';
import { freshAddress, message, never, send, transportOf } from '../test/support.ts';

test('what was under way when the connection died is unknown, what was not written is rejected', async () => {
  let received = 0;
  await using peer = await startScriptedPeer({
    onMessage: () => {
      received += 1;
    },
  });
  const transport = transportOf({ ...peer.options, maxUnconfirmedMessages: 2 });
  const sender = await transport.openSender(freshAddress(), never);
  const sending = send(sender, message('a'), message('b'), message('c'));
  await expect.poll(() => received).toBe(2);
  peer.cut();
  const outcomes = await sending;
  expect(outcomes.map((outcome) => !outcome.ok && outcome.certainty)).toEqual([
    'unknown',
    'unknown',
    'rejected',
  ]);
  expect(await sender.dead).toMatchObject({ code: 'unavailable', retryable: true });
  const [late] = await send(sender, message('d'));
  expect(late).toMatchObject({ ok: false, certainty: 'rejected' });
});

test.each([
  ['accepted', { ok: true }],
  [
    'released',
    { ok: false, certainty: 'rejected', error: { code: 'not-found', retryable: false } },
  ],
  ['modified', { ok: false, certainty: 'rejected', error: { code: 'rejected', retryable: true } }],
] as const)('%s', async (outcome, expected) => {
  await using peer = await startScriptedPeer({
    onMessage: ({ delivery }: EventContext) => {
      if (outcome === 'accepted') delivery?.accept();
      else delivery?.release(outcome === 'released' ? undefined : { delivery_failed: true });
    },
  });
  const sender = await transportOf(peer.options).openSender(freshAddress(), never);
  const [found] = await send(sender, message('a'));
  expect(found).toMatchObject(expected);
});

test.each([
  ['amqp:resource-limit-exceeded', 'rejected', true],
  ['amqp:link:message-size-exceeded', 'too-large', false],
  ['amqp:unauthorized-access', 'permission-denied', false],
])('rejected for %s is %s', async (condition, code, retryable) => {
  await using peer = await startScriptedPeer({
    onMessage: ({ delivery }: EventContext) => {
      delivery?.reject({ condition, description: 'no' });
    },
  });
  const transport = transportOf(peer.options);
  const error = { code, retryable };
  const queue = await transport.openSender(freshAddress(), never);
  expect(await send(queue, message('a'))).toMatchObject([{ certainty: 'rejected', error }]);
  // Of several queues behind an exchange others may have it.
  const whole = await transport.openSender({ channel: 'orders', role: 'main' }, never);
  expect(await send(whole, message('a'))).toMatchObject([{ certainty: 'unknown', error }]);
});

test('an abort after it was written is unknown, and its place stays taken', async () => {
  await using peer = await startScriptedPeer({ onMessage: () => undefined });
  const transport = transportOf({ ...peer.options, maxUnconfirmedMessages: 1 });
  const sender = await transport.openSender(freshAddress(), never);
  const abort = new AbortController();
  const sending = sender.send(
    [sender.prepare(message('a')), sender.prepare(message('b'))],
    abort.signal,
  );
  abort.abort(new Error('enough'));
  const outcomes = await sending;
  expect(outcomes.map((outcome) => !outcome.ok && outcome.certainty)).toEqual([
    'unknown',
    'rejected',
  ]);
});

test('another broker than that of the options is refused', async () => {
  await using peer = await startScriptedPeer({
    properties: { product: 'ActiveMQ', version: '5.18.3' },
  });
  const opening = transportOf(peer.options).check(undefined, never);
  await expect(opening).rejects.toMatchObject({ code: 'mismatch', retryable: false });
  await expect(opening).rejects.toThrow("set broker to 'activemq'");
});

test('where a connection has no more sessions a further one is opened', async () => {
  await using peer = await startScriptedPeer({ channelMax: 1 });
  let connections = 0;
  peer.container.on('connection_open', () => {
    connections += 1;
  });
  const transport = transportOf(peer.options);
  const senders = await Promise.all(
    Array.from({ length: 5 }, () => transport.openSender(freshAddress(), never)),
  );
  expect(connections).toBe(3);
  await senders[0]?.close();
  await transport.openSender(freshAddress(), never);
  expect(connections).toBe(3);
});
