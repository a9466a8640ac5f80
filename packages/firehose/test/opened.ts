import { type AwsProxy, startAwsProxy } from '@intermodal/brokers/faults';
import { createClient, type Publisher } from '@intermodal/core';
import { type Address, decodeEnvelope } from '@intermodal/core/driver';
import { onTestFinished } from 'vitest';
import {
  type FirehoseCapabilities,
  firehoseTransport,
  type FirehoseTransportOptions,
} from '../src/index.ts';
import { type Bucket, emulated, into, newBucket } from './emulated.ts';

export const endpoint = process.env['INTERMODAL_MOTO_ENDPOINT'] ?? '';

/** A message as it lies in the bucket. */
export interface Stored {
  readonly id: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Setting {
  readonly bucket: Bucket;
  readonly proxy: AwsProxy;
  readonly client: Publisher<FirehoseCapabilities>;
  /** What lies in the bucket of a channel, line by line and by id: the emulator's objects have no order. */
  stored(channel: string): Promise<readonly Stored[]>;
}

let settings = 0;

/** Names that nobody else uses. */
export function newName(): string {
  settings += 1;
  return `t-${process.pid}-${settings}-${Date.now().toString(36)}`;
}

/** A client through a proxy of its own, and a bucket of its own. */
export async function setting(options: FirehoseTransportOptions = {}): Promise<Setting> {
  const bucket = await newBucket(endpoint);
  const proxy = await startAwsProxy(endpoint);
  const made = new Map<string, Address>();
  const destination = into(bucket.arn);
  const provisioning: FirehoseTransportOptions['provisioning'] = (address) => {
    made.set(address.channel, address);
    return destination(address);
  };
  const client = createClient({
    transport: firehoseTransport({ ...emulated(proxy.endpoint), provisioning, ...options }),
  });
  onTestFinished(async () => {
    await client.close();
    await proxy.stop();
    // The emulator has room for fifty.
    const remover = firehoseTransport({ ...emulated(endpoint), ...options });
    for (const address of made.values())
      await remover.admin?.remove?.(address, AbortSignal.timeout(10_000)).catch(() => undefined);
    await remover.close();
    bucket.close();
  });
  return {
    bucket,
    proxy,
    client,
    async stored(channel) {
      const lines = (await bucket.read(`${channel}/`)).toString().split('\n').slice(0, -1);
      const found = lines.map((line) => {
        const message = decodeEnvelope(line, channel);
        if (message === undefined) throw new Error('a line in the bucket is no message');
        const { id, key, headers, body } = message;
        return { id, key, headers: Object.fromEntries(headers), body: Buffer.from(body) };
      });
      return found.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    },
  };
}
