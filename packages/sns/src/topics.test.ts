import { expect, test } from 'vitest';
import { createClients } from './clients.ts';
import type { SnsTransportOptions } from './options.ts';
import { createTopics, partitionOf, type TopicAt } from './topics.ts';

const arn = 'arn:aws:sns:us-east-1:210987654321:theirs';

function find(channel: string, options: SnsTransportOptions, native?: string): Promise<TopicAt> {
  const all = { region: 'eu-west-1', accountId: '123456789012', ...options };
  const topics = createTopics(all, createClients(all), () => Promise.reject(new Error('asked')));
  const address = { channel, role: 'main' } as const;
  return topics.find(native === undefined ? address : { ...address, native });
}

test('a channel is a topic of its name, in the region and account of the caller', async () => {
  expect(await find('orders', {})).toMatchObject({
    arn: 'arn:aws:sns:eu-west-1:123456789012:orders',
    foreign: false,
  });
  expect(await find('orders', { fifo: true })).toMatchObject({ name: 'orders.fifo' });
  const naming = (channel: string): string => `shop-${channel}`;
  expect(await find('orders', { naming })).toMatchObject({ name: 'shop-orders' });
  const topics = { orders: 'theirs' };
  expect(await find('orders', { topics, naming })).toMatchObject({ name: 'theirs' });
});

test('a topic by ARN has the client of its own region, and is somebody else’s', async () => {
  const [near, far, again] = await Promise.all([
    find('orders', {}),
    find('orders', { topics: { orders: arn } }),
    find('orders', {}, arn),
  ]);
  expect(far).toMatchObject({ arn, name: 'theirs', foreign: true });
  expect(again).toMatchObject({ arn, foreign: true });
  expect(await far.client.config.region()).toBe('us-east-1');
  expect(await near.client.config.region()).toBe('eu-west-1');
});

test.each<[SnsTransportOptions, RegExp]>([
  [{ topics: { orders: 'not a topic' } }, /'not a topic' is no topic/],
  [{ topics: { orders: 'orders.fifo' } }, /is a FIFO topic: set fifo/],
  [{ topics: { orders: 'orders' }, fifo: true }, /is a standard topic/],
  [{ topics: { orders: arn }, fifo: true }, /is a standard topic/],
])('%j is refused', async (options, text) => {
  await expect(find('orders', options)).rejects.toThrow(text);
});

test.each([
  ['eu-west-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eu-isoe-west-1', 'aws-iso-e'],
])('region %s is in partition %s', (region, partition) => {
  expect(partitionOf(region)).toBe(partition);
});
