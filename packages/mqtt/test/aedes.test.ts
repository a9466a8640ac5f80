import { afterAll, expect, test } from 'vitest';
import { serverOf, stopServer } from './broker.ts';
import {
  collect,
  freshAddress,
  ids,
  message,
  never,
  openReceiver,
  send,
  transportOf,
} from './support.ts';

afterAll(() => stopServer('aedes'));

test('a group that is just being opened is provisioned when it has subscribed', async () => {
  const server = await serverOf('aedes');
  const transport = transportOf(server.options());
  const address = freshAddress();
  const sender = await transport.openSender(address, never);
  const opening = openReceiver(transport, address);
  const plan = { mode: 'create', order: 'none', maxAttempts: 5 } as const;
  await transport.admin?.provision(address, plan, never);
  await send(sender, message('kept'));
  const receiver = await opening;
  expect(ids(await collect(receiver, 1))).toEqual(['kept']);
  await receiver.close(never);
});
