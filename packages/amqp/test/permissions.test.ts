import { readFile } from 'node:fs/promises';
import { management } from '@intermodal/brokers';
import { type Address, IntermodalError, type Transport } from '@intermodal/core/driver';
import { beforeAll, expect, test } from 'vitest';
import { type Rabbit, sharedRabbit } from './broker.ts';
import {
  collect,
  freshAddress,
  ids,
  message,
  never,
  openReceiver,
  provision,
  publish,
  send,
  transportOf,
  wholeChannel,
} from './support.ts';

let server: Rabbit;
beforeAll(async () => {
  server = await sharedRabbit();
});

test('who may not declare, publish or consume is told so', async () => {
  const transport = transportOf(server.restricted);
  const denied = { code: 'permission-denied', retryable: false };
  const address = freshAddress();
  await provision(transportOf(server.options), address);
  await expect(provision(transport, address)).rejects.toMatchObject(denied);
  await expect(openReceiver(transport, address)).rejects.toMatchObject(denied);
  const assuming = transportOf({ ...server.restricted, topology: 'assume' });
  await expect(openReceiver(assuming, address)).rejects.toMatchObject(denied);
  const sender = await assuming.openSender(wholeChannel(address), never);
  await send(sender, message('m-1'));
  expect(await sender.dead).toMatchObject(denied);
});

/** The rows of the README's table of permissions, for another channel: configure, write, read. */
async function permissionsFor(use: string, channel: string): Promise<readonly string[]> {
  const page = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const row = page.split('\n').find((line) => line.startsWith(`| ${use}`)) ?? '';
  const patterns = [...row.matchAll(/`(\^[^`]*)`/g)].map(([, pattern = '']) => pattern);
  return patterns.map((pattern) => pattern.replaceAll('\\|', '|').replaceAll('orders', channel));
}

async function userFor(
  use: string,
  address: Address,
  topology: 'declare' | 'assume',
): Promise<Transport> {
  const [configure, write, read] = await permissionsFor(use, address.channel);
  const username = `user-of-${address.channel}`;
  await manage(`users/${username}`, { password: username, tags: '' });
  await manage(`permissions/%2F/${username}`, { configure, write, read });
  const credentials = { username, password: username };
  return transportOf({ ...server.options, credentials, topology });
}

async function manage(path: string, body: object): Promise<void> {
  const init = { method: 'PUT', body: JSON.stringify(body) };
  await management('rabbitmq', process.env, path, init);
}

test.each([
  ['publish, ', {}],
  ['publish with delays', { delayMs: 20 }],
])('the permissions for %s are enough', async (use, fields) => {
  const address = freshAddress('p');
  const full = transportOf(server.options);
  await provision(full, address);
  const transport = await userFor(use, address, 'assume');
  const sender = await transport.openSender(wholeChannel(address), never);
  expect(await send(sender, message('a', fields))).toEqual([{ ok: true }]);
  expect(ids(await collect(await openReceiver(full, address), 1))).toEqual(['a']);
});

test.each([
  ['everything', 'declare', { delayMs: 20 }],
  ['consume group', 'assume', {}],
] as const)('the permissions for %s are enough', async (use, topology, fields) => {
  const address = freshAddress('p');
  const restricted = await userFor(use, address, topology);
  const admin = topology === 'declare' ? restricted : transportOf(server.options);
  await provision(admin, address);
  const sender = await admin.openSender(wholeChannel(address), never);
  expect(await send(sender, message('a', fields))).toEqual([{ ok: true }]);
  const receiver = await openReceiver(restricted, address, { prefetch: 1 });
  expect(ids(await collect(receiver, 1))).toEqual(['a']);
  const dead = await restricted.openSender({ ...address, role: 'dead-letter' }, never);
  expect(await send(dead, message('dead'))).toEqual([{ ok: true }]);
  const letters = await openReceiver(restricted, { ...address, role: 'dead-letter' });
  expect(ids(await collect(letters, 1))).toEqual(['dead']);
});

test('vhosts are apart, whatever their names', async () => {
  const vhost = 'a b/c%2F';
  const path = encodeURIComponent(vhost);
  await manage(`vhosts/${path}`, {});
  await manage(`permissions/${path}/guest`, { configure: '.*', write: '.*', read: '.*' });
  const address = freshAddress();
  const there = transportOf({ ...server.options, vhost });
  await provision(there, address);
  await publish(there, address, 'a');
  const here = transportOf(server.options);
  await expect(here.check(address, never)).rejects.toMatchObject({ code: 'not-found' });
  const nowhere = transportOf({ ...server.options, vhost: 'nowhere' });
  const error: unknown = await nowhere.check(undefined, never).catch((cause: unknown) => cause);
  expect(IntermodalError.is(error, 'permission-denied')).toBe(true);
});
