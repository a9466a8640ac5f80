import {
  type DeliveryStreamDescription,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
} from '@aws-sdk/client-firehose';
import { editReply, failCall } from '@intermodal/brokers/faults';
import { channel, createClient, openTransport, Rejection } from '@intermodal/core';
import { memoryTransport } from '@intermodal/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { firehoseFromUrl, firehoseTransport } from '../src/index.ts';
import { emulated } from './emulated.ts';
import { endpoint, newName, setting } from './opened.ts';

type Change = Partial<Record<keyof DeliveryStreamDescription, unknown>>;

/** Describes delivery streams otherwise than the emulator does, which knows no states and no sources. */
function described(changes: Change, times = 1) {
  return editReply({ operation: 'DescribeDeliveryStream', times }, (output) => ({
    DeliveryStreamDescription: {
      ...(output['DeliveryStreamDescription'] as object),
      ...changes,
    },
  }));
}

describe('provision', () => {
  test('creates what is missing, with the settings that are given, and again does nothing', async () => {
    const { client, proxy, bucket } = await setting();
    const orders = channel<object>(newName());
    await Promise.all([client.provision([orders]), client.provision([orders])]);
    await client.provision([orders]);
    const raw = new FirehoseClient(emulated(endpoint));
    onTestFinished(() => {
      raw.destroy();
    });
    const { DeliveryStreamDescription: found } = await raw.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: orders.name }),
    );
    expect(found?.DeliveryStreamType).toBe('DirectPut');
    expect(found?.Destinations?.[0]?.ExtendedS3DestinationDescription?.BucketARN).toBe(bucket.arn);
    expect(proxy.count('CreateDeliveryStream').requests).toBeLessThanOrEqual(2);
    await client.provision([orders], { mode: 'verify' });
  });

  test('waits until a delivery stream can be used', async () => {
    const { client, proxy } = await setting();
    const orders = channel<object>(newName());
    proxy.inject(described({ DeliveryStreamStatus: 'CREATING' }, 2));
    await client.provision([orders]);
    // One finds that it is missing, two find it unready, one finds it ready.
    expect(proxy.count('DescribeDeliveryStream').requests).toBeGreaterThanOrEqual(3);
    await client.publish(orders, {});
  });

  test('creates nothing that nobody said how to create', async () => {
    const client = createClient({ transport: firehoseTransport(emulated(endpoint)) });
    onTestFinished(() => client.close());
    const orders = channel<object>(newName());
    const missing = { code: 'not-found', message: expect.stringMatching(/provisioning/) as string };
    await expect(client.provision([orders])).rejects.toMatchObject(missing);
    await expect(client.provision([orders], { mode: 'verify' })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('refuses one whose records come from elsewhere, or that could not be created', async () => {
    const { client, proxy } = await setting();
    const orders = channel<object>(newName());
    await client.provision([orders]);
    proxy.inject(described({ DeliveryStreamType: 'KinesisStreamAsSource' }, 2));
    await expect(client.provision([orders])).rejects.toMatchObject({ code: 'mismatch' });
    proxy.clear();
    proxy.inject(described({ DeliveryStreamStatus: 'CREATING_FAILED' }, 2));
    await expect(client.provision([orders])).rejects.toMatchObject({ code: 'rejected' });
  });
});

describe('a publisher', () => {
  test.each([
    [{ DeliveryStreamType: 'KinesisStreamAsSource' }, 'mismatch'],
    [{ DeliveryStreamStatus: 'DELETING' }, 'not-found'],
    [{ DeliveryStreamStatus: 'CREATING_FAILED' }, 'rejected'],
  ])('is told at once of %o', async (changes, code) => {
    const { client, proxy } = await setting();
    const orders = channel<object>(newName());
    await client.provision([orders]);
    proxy.inject(described(changes, 9));
    await expect(client.publish(orders, {})).rejects.toMatchObject({ code });
    await expect(client.check(orders)).rejects.toMatchObject({ code });
    expect(proxy.count('PutRecordBatch').requests).toBe(0);
  });

  test('waits for one that is being created', async () => {
    const { client, proxy } = await setting();
    const orders = channel<object>(newName());
    await client.provision([orders]);
    proxy.inject(described({ DeliveryStreamStatus: 'CREATING' }, 2));
    expect(await client.publish(orders, {})).toMatchObject({ id: expect.any(String) as string });
    expect(proxy.count('DescribeDeliveryStream').requests).toBeGreaterThan(2);
  });

  test('needs no permission to describe', async () => {
    const { client, proxy } = await setting();
    const orders = channel<object>(newName());
    await client.provision([orders]);
    const denied = { name: 'AccessDeniedException' };
    proxy.inject(
      failCall({ operation: ['DescribeDeliveryStream', 'ListDeliveryStreams'], times: 9 }, denied),
    );
    await client.publish(orders, {});
    await client.check();
    await expect(client.check(orders)).rejects.toMatchObject({ code: 'permission-denied' });
  });
});

test('a transport of a URL publishes', async () => {
  const { client, bucket } = await setting();
  const orders = channel<{ readonly n: number }>(newName());
  await client.provision([orders]);
  const { host } = new URL(endpoint);
  const url = `firehose://key:secret@${host}/?region=us-east-1&envelope=none`;
  const opened = createClient({
    transport: await openTransport(url, { firehose: firehoseFromUrl }),
  });
  onTestFinished(() => opened.close());
  await opened.check();
  await opened.publish(orders, { n: 1 });
  expect((await bucket.read(`${orders.name}/`)).toString()).toBe('{"n":1}\n');
  for (const bad of [`firehose://${host},other/`, 'firehose:?envelope=xml']) {
    const opening = openTransport(bad, { firehose: firehoseFromUrl });
    await expect(opening).rejects.toMatchObject({ code: 'invalid-argument' });
  }
});

test('a channel may have a delivery stream of another name', async () => {
  const name = newName();
  const { client, stored } = await setting({ streams: { orders: name } });
  await client.provision([channel<object>('orders')]);
  const { id } = await client.publish(channel<object>('orders'), {});
  // The prefix is the channel's, the delivery stream is the one that was named.
  expect((await stored('orders')).map((one) => one.id)).toEqual([id]);
});

test('consumers of another transport keep their dead letters in it', async () => {
  const name = newName();
  const { client, bucket } = await setting({ streams: { [`${name}-dead`]: `${name}_dlq` } });
  await client.provision([channel<object>(`${name}-dead`)]);
  const shop = createClient({ transport: memoryTransport() });
  onTestFinished(() => shop.close());
  const orders = channel<{ readonly n: number }>(name);
  await shop.provision([orders], { groups: ['billing'] });
  const deadLetter = { transport: firehoseTransport(emulated(endpoint)) };
  await shop.consume(orders, { group: 'billing', deadLetter }, () => {
    throw new Rejection('a negative total');
  });
  const { id } = await shop.publish(orders, { n: -1 });
  const read = (): Promise<Buffer> => bucket.read(`${name}-dead/`);
  await expect.poll(async () => (await read()).length, { timeout: 10_000 }).toBeGreaterThan(0);
  const letter = JSON.parse((await read()).toString()) as Readonly<Record<string, unknown>>;
  expect(letter).toMatchObject({ id, data: { n: -1 } });
  expect(letter['imheaders']).toContain('a negative total');
  await deadLetter.transport.close();
});

test.each([
  { maxInFlight: 0 },
  { requestTimeoutMs: 1.5 },
  { client: new FirehoseClient({ region: 'eu-west-1' }), region: 'eu-west-1' },
])('refuses %o', (options) => {
  expect(() => firehoseTransport(options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});
