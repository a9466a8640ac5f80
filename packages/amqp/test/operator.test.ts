import { clearMemoryAlarm, raiseMemoryAlarm } from '@intermodal/brokers';
import { IntermodalError } from '@intermodal/core/driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownRabbit, type OwnRabbit, stopRabbit } from './broker.ts';
import {
  collect,
  freshAddress,
  ids,
  message,
  never,
  openReceiver,
  plainPeer,
  provision,
  publish,
  send,
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

let server: OwnRabbit;
beforeAll(async () => {
  server = await ownRabbit('rabbitmq');
}, 120_000);
afterAll(() => stopRabbit('rabbitmq'));

test('connections that an operator closes are unavailable, and worth another try', async () => {
  const transport = transportOf(server.options);
  const address = freshAddress();
  await provision(transport, address);
  await publish(transport, address, 'a');
  const receiver = await openReceiver(transport, address);
  const held = await collect(receiver, 1);
  const sender = await transport.openSender(wholeChannel(address), never);
  await server.broker.run('rabbitmqctl', 'close_all_connections', 'by an operator');
  for (const error of await Promise.all([receiver.dead, sender.dead]))
    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
  expect(await settle(receiver, held, 'ack')).toEqual(['lost']);
  expect(await receiver.close(never)).toEqual({ abandoned: 0 });
  await sender.close();
  const next = await openReceiver(transport, address);
  expect(ids(await collect(next, 1))).toEqual(['a']);
});

describe('a broker without memory', () => {
  test('holds publishing up, and acks go on; what was never written has certainly not arrived', async () => {
    const transport = transportOf(server.options);
    const address = freshAddress();
    await provision(transport, address);
    await publish(transport, address, 'before');
    const receiver = await openReceiver(transport, address);
    const [held] = await collect(receiver, 1);
    const sender = await transport.openSender(wholeChannel(address), never);
    await raiseMemoryAlarm(server.broker);
    try {
      const first = send(sender, message('under way'));
      let isConfirmed = false;
      void first.then(() => {
        isConfirmed = true;
      });
      // The broker blocks who publishes only when it does: this one is written, and its confirm withheld.
      expect(await settle(receiver, held === undefined ? [] : [held], 'ack')).toEqual(['done']);
      const peer = await plainPeer(server.url);
      await expect
        .poll(async () => (await peer.checkQueue(`${address.channel}.billing`)).messageCount)
        .toBe(0);
      await receiver.close(never);
      expect(isConfirmed).toBe(false);

      const bound = new AbortController();
      const second = sender.send([sender.prepare(message('never written'))], bound.signal);
      bound.abort(new IntermodalError('timeout', 'too long', { retryable: true }));
      const [outcome] = await second;
      expect(outcome).toMatchObject({ ok: false, error: { code: 'timeout' } });
      await clearMemoryAlarm(server.broker);
      expect(await first).toEqual([{ ok: true }]);
    } finally {
      await clearMemoryAlarm(server.broker);
    }
    const next = await openReceiver(transport, address);
    expect(ids(await collect(next, 1))).toEqual(['under way']);
  });

  test('is closed without waiting for it', async () => {
    const transport = transportOf(server.options);
    const address = freshAddress();
    await provision(transport, address);
    const sender = await transport.openSender(wholeChannel(address), never);
    await raiseMemoryAlarm(server.broker);
    try {
      const sending = send(sender, message('m-1'));
      await sender.close();
      await transport.close();
      const [outcome] = await sending;
      expect(outcome?.ok).toBe(false);
    } finally {
      await clearMemoryAlarm(server.broker);
    }
  });
});
