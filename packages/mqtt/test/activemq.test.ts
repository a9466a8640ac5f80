import { expect, test } from 'vitest';
import { engineTests } from './engine-tests.ts';
import {
  collect,
  collectFor,
  freshAddress,
  ids,
  message,
  never,
  openReceiver,
  provision,
  send,
  settle,
  transportOf,
  wholeChannel,
} from './support.ts';

const server = engineTests('activemq', '3.1.1');

test('a broker that closes connections of MQTT 5 without a word is told from one that is down', async () => {
  const transport = transportOf({ ...server().options(), broker: 'mosquitto', protocol: '5' });
  const checking = transport.check(undefined, never);
  await expect(checking).rejects.toMatchObject({ code: 'unsupported', retryable: false });
  await expect(checking).rejects.toThrow("set protocol to '3.1.1'");
});

test('a shared subscription that would deliver nothing is a mismatch', async () => {
  const transport = transportOf({ ...server().options(), broker: 'mosquitto', member: 'a' });
  const opening = openReceiver(transport, freshAddress());
  await expect(opening).rejects.toMatchObject({ code: 'mismatch', retryable: false });
});

test('cannot verify: the broker does not say what was there', async () => {
  const verifying = provision(transportOf(server().options()), freshAddress(), 'verify');
  await expect(verifying).rejects.toMatchObject({ code: 'unsupported' });
});

test('who may not publish is told nothing, and who may not consume loses the connection', async () => {
  const address = freshAddress('denied');
  const reading = await openReceiver(transportOf(server().options()), address);
  const credentials = server().restricted;
  const transport = transportOf({ ...server().options(), credentials });
  const sender = await transport.openSender(wholeChannel(address), never);
  expect(await send(sender, message('a'))).toEqual([{ ok: true }]);
  expect(await collectFor(reading, 300)).toEqual([]);
  const consuming = openReceiver(transport, freshAddress('denied'));
  await expect(consuming).rejects.toMatchObject({ code: 'unavailable', retryable: true });
});

test('acks in any order survive a crash of the broker', { timeout: 60_000 }, async () => {
  const transport = transportOf(server().options());
  const address = freshAddress();
  await provision(transport, address);
  const sender = await transport.openSender(wholeChannel(address), never);
  const all = Array.from({ length: 20 }, (_, n) => `m-${n}`);
  await send(sender, ...all.map((id) => message(id)));
  const receiver = await openReceiver(transport, address);
  const found = await collect(receiver, 20);
  const isKept = (n: number): boolean => n % 3 === 0;
  await settle(
    receiver,
    found.filter((_, n) => !isKept(n)),
    'ack',
  );
  await receiver.close(never);
  await server().broker.kill();
  await server().broker.restart();
  const again = await openReceiver(transport, address);
  const kept = all.filter((_, n) => isKept(n));
  expect(ids(await collect(again, kept.length))).toEqual(kept);
});
