import { afterAll, beforeAll, expect, test } from 'vitest';
import { placeOf } from '../src/engine.ts';
import { type Server, serverOf, stopServer } from './broker.ts';
import { freshPlace } from './engine-tests.ts';
import { openPeer } from './peers.ts';
import {
  closeLater,
  collect,
  collectFor,
  deadLetters,
  ids,
  message,
  never,
  openReceiver,
  send,
  settle,
  transportOf,
} from './support.ts';

let server: Server;
beforeAll(async () => {
  server = await serverOf('activemq-redelivery');
});
afterAll(() => stopServer('activemq-redelivery'));

/** The other way to retry on ActiveMQ: its own plug-in, which a NACK sets to work. */
test('with a redeliveryPlugin our retries are ours, and its are counted apart', async () => {
  const transport = transportOf(server.options);
  const address = await freshPlace(server);
  const sender = await transport.openSender(address, never);
  await send(sender, message('a'));
  const receiver = await openReceiver(transport, address);
  // More often than the plug-in would.
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    const held = await collect(receiver, 1);
    expect(held[0]).toMatchObject({
      message: { id: 'a' },
      attempt: attempt === 1 ? undefined : attempt,
    });
    expect(await settle(receiver, held, attempt < 6 ? 'retry' : 'ack')).toEqual(['done']);
  }
  expect(await collectFor(receiver, 1_500)).toEqual([]);
  const dead = await openReceiver(transport, deadLetters(address));
  expect(await collectFor(dead, 200)).toEqual([]);
});

test('what another program leaves to the plug-in comes a second later, and is still ours to take', async () => {
  const transport = transportOf(server.options);
  const address = await freshPlace(server);
  const sender = await transport.openSender(address, never);
  await send(sender, message('a', { key: 'k' }));
  const peer = await openPeer('stompjs', server);
  closeLater(() => peer.close());
  const before = Date.now();
  await peer.refuse(placeOf('activemq', address, undefined).destination);
  await peer.close();
  const receiver = await openReceiver(transport, address);
  const held = await collect(receiver, 1);
  expect(Date.now() - before).toBeGreaterThanOrEqual(990);
  expect(ids(held)).toEqual(['a']);
  expect(held[0]).toMatchObject({ redelivered: true, lane: 'k', attempt: undefined });
  expect([...(held[0]?.message.headers.keys() ?? [])]).toEqual([]);
  expect(await settle(receiver, held, 'ack')).toEqual(['done']);
});
