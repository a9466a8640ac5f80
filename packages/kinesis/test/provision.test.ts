import { randomUUID } from 'node:crypto';
import {
  DescribeStreamSummaryCommand,
  ListTagsForStreamCommand,
  type StreamDescriptionSummary,
} from '@aws-sdk/client-kinesis';
import { channel, type Client, createClient } from '@intermodal/core';
import { editReply, startAwsProxy, throttle } from '@intermodal/brokers/faults';
import { expect, onTestFinished, test } from 'vitest';
import {
  type KinesisCapabilities,
  type KinesisProvisioning,
  kinesisTransport,
  type KinesisTransportOptions,
} from '../src/index.ts';
import { emulated, newStream, rawClient } from './opened.ts';

const raw = rawClient();

interface Setting {
  readonly name: string;
  readonly client: Client<KinesisCapabilities>;
}

/** A channel that nobody else has. */
function setting(
  provisioning: KinesisProvisioning,
  name = `c-${randomUUID().slice(0, 18)}`,
  more: KinesisTransportOptions = {},
): Setting {
  const client = createClient({
    transport: kinesisTransport({ ...emulated(), provisioning, ...more }),
  });
  onTestFinished(() => client.close());
  return { name, client };
}

async function summaryOf(StreamName: string): Promise<StreamDescriptionSummary | undefined> {
  const command = new DescribeStreamSummaryCommand({ StreamName });
  return (await raw.send(command)).StreamDescriptionSummary;
}

test('streams are made as they are wanted: shards, retention, encryption, size and tags', async () => {
  const { name, client } = setting({
    capacity: { shards: 3 },
    retentionHours: 48,
    maxRecordKiB: 2_048,
    encryptionKeyId: 'alias/aws/kinesis',
    tags: { team: 'billing' },
  });
  await client.provision([channel(name)]);
  expect(await summaryOf(name)).toMatchObject({
    OpenShardCount: 3,
    RetentionPeriodHours: 48,
    MaxRecordSizeInKiB: 2_048,
    EncryptionType: 'KMS',
    KeyId: 'alias/aws/kinesis',
  });
  expect(await summaryOf(`${name}_dlq`)).toMatchObject({
    OpenShardCount: 1,
    RetentionPeriodHours: 168,
    MaxRecordSizeInKiB: 4_096,
  });
  const { Tags } = await raw.send(new ListTagsForStreamCommand({ StreamName: name }));
  expect(Tags).toEqual([{ Key: 'team', Value: 'billing' }]);
});

test('a stream is on demand unless a number of shards is named', async () => {
  const { name, client } = setting({});
  await client.provision([channel(name)]);
  expect((await summaryOf(name))?.StreamModeDetails?.StreamMode).toBe('ON_DEMAND');
});

test('verify names every difference and changes nothing; create mends what one request mends', async () => {
  const { name, client } = setting({ capacity: { shards: 1 } });
  await client.provision([channel(name)]);
  const wanted = setting({ retentionHours: 72, encryptionKeyId: 'alias/aws/kinesis' }, name);
  const verifying = wanted.client.provision([channel(name)], { mode: 'verify' });
  const error: unknown = await verifying.catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'mismatch' });
  expect(String(error)).toMatch(/72/);
  expect(String(error)).toMatch(/not encrypted/);
  expect((await summaryOf(name))?.RetentionPeriodHours).toBe(24);
  await wanted.client.provision([channel(name)]);
  expect(await summaryOf(name)).toMatchObject({ RetentionPeriodHours: 72, EncryptionType: 'KMS' });
  await wanted.client.provision([channel(name)], { mode: 'verify' });
});

test('a stream that is given by its ARN is never changed', async () => {
  const stream = await newStream(raw);
  const { StreamARN = '' } = (await summaryOf(stream)) ?? {};
  const { name, client } = setting({ retentionHours: 72 }, undefined, {
    naming: ({ role, channel: wanted }) => (role === 'main' ? StreamARN : `${wanted}_dlq`),
  });
  await expect(client.provision([channel(name)])).rejects.toMatchObject({ code: 'mismatch' });
  expect((await summaryOf(stream))?.RetentionPeriodHours).toBe(24);
});

test('a stream that shares its records out by itself is refused for a channel with order', async () => {
  const proxy = await startAwsProxy(emulated().endpoint);
  onTestFinished(() => proxy.stop());
  proxy.inject(
    editReply({ operation: 'DescribeStreamSummary', times: 99 }, (output) => ({
      StreamDescriptionSummary: {
        ...(output['StreamDescriptionSummary'] as object),
        RecordDistributionStrategy: 'AUTO',
      },
    })),
  );
  const { name, client } = setting({}, undefined, emulated(proxy.endpoint));
  const provisioning = client.provision([channel(name, { order: 'key' })]);
  await expect(provisioning).rejects.toMatchObject({ code: 'mismatch' });
});

test('records are as large as the stream itself takes, and one byte more is too large', async () => {
  const { name, client } = setting({ capacity: { shards: 1 }, maxRecordKiB: 2_048 }, undefined, {
    envelope: 'none',
  });
  const texts = channel<string>(name);
  await client.provision([texts]);
  const key = 'k';
  // With two quotation marks, and its key.
  const most = 2_048 * 1_024 - 2 - key.length;
  await client.publish(texts, 'x'.repeat(most), { key });
  const refused = client.publish(texts, 'x'.repeat(most + 1), { key });
  await expect(refused).rejects.toMatchObject({ code: 'too-large' });
});

test('a stream is made once those before it are, since only so many may be in creation', async () => {
  await using proxy = await startAwsProxy(emulated().endpoint);
  proxy.inject(throttle({ operation: 'CreateStream', times: 3 }, 'LimitExceededException'));
  const { name, client } = setting({ capacity: { shards: 1 } }, undefined, {
    endpoint: proxy.endpoint,
  });
  await client.provision([channel(name)]);
  expect((await summaryOf(name))?.StreamStatus).toBe('ACTIVE');
  expect(proxy.count('CreateStream').requests).toBe(5);
});
