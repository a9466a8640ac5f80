import type { Address, WireMessage } from '@intermodal/core/driver';
import { systemClock } from '@intermodal/core';
import { expect, test } from 'vitest';
import { createMemoryBroker, memoryTransport } from '../src/index.ts';
import {
  deadOrders,
  ids,
  message,
  openReceiver,
  openSender,
  orders,
  provision,
  receiveNow,
  send,
  type Setup,
} from './support.ts';

const shipping: Address = { ...orders, group: 'shipping' };

async function filtered(): Promise<{ readonly setup: Setup; readonly asked: string[] }> {
  const asked: string[] = [];
  const broker = createMemoryBroker({
    accepts(channel: string, group: string, { id }: WireMessage) {
      asked.push(`${channel} ${group} ${id}`);
      return group === 'shipping' || id === '2';
    },
  });
  const transport = memoryTransport({ broker });
  await provision(transport, orders);
  await provision(transport, shipping);
  return { setup: { broker, transport, clock: systemClock } as unknown as Setup, asked };
}

test('each group is given what is accepted for it', async () => {
  const { setup, asked } = await filtered();
  const sender = await openSender(setup.transport, { channel: 'orders', role: 'main' });
  await send(sender, message('1'), message('2'));
  expect(asked.toSorted()).toEqual([
    'orders billing 1',
    'orders billing 2',
    'orders shipping 1',
    'orders shipping 2',
  ]);
  expect(ids(await receiveNow(await openReceiver(setup)))).toEqual(['2']);
  expect(ids(await receiveNow(await openReceiver(setup, {}, shipping)))).toEqual(['1', '2']);
});

test('a group that begins in the past is given no more', async () => {
  const { setup } = await filtered();
  const sender = await openSender(setup.transport, { channel: 'orders', role: 'main' });
  await send(sender, message('1'), message('2'));
  const late = { ...orders, group: 'late' };
  expect(ids(await receiveNow(await openReceiver(setup, { from: 'earliest' }, late)))).toEqual([
    '2',
  ]);
});

test('what goes to one group alone, and dead letters, are not asked about', async () => {
  const { setup, asked } = await filtered();
  await send(await openSender(setup.transport, orders), message('1'));
  await send(await openSender(setup.transport, deadOrders), message('1'));
  expect(ids(await receiveNow(await openReceiver(setup)))).toEqual(['1']);
  expect(ids(await receiveNow(await openReceiver(setup, {}, deadOrders)))).toEqual(['1']);
  expect(asked).toEqual([]);
});

test('a log is read whole, so that there is nothing to accept', async () => {
  const broker = createMemoryBroker({ accepts: () => true });
  const transport = memoryTransport({ broker, log: { shards: 1 } });
  await expect(provision(transport, orders)).rejects.toMatchObject({ code: 'unsupported' });
});
