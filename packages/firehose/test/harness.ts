import { startBroker } from '@intermodal/brokers';
import { startAwsProxy, startTcpProxy } from '@intermodal/brokers/faults';
import type { Broker, Harness } from '@intermodal/conformance';
import { firehoseTransport } from '../src/index.ts';
import { type Bucket, emulated, into, newBucket } from './emulated.ts';
import { faultsOf } from './faults.ts';

interface Emulator {
  readonly endpoint: string;
  readonly bucket: Bucket;
}

async function open({ endpoint, bucket }: Emulator): Promise<Broker> {
  const aws = await startAwsProxy(endpoint);
  const tcp = await startTcpProxy({ port: Number(new URL(aws.endpoint).port) });
  const proxied = emulated(`http://${tcp.host}:${tcp.port}`);
  return {
    // Silent connections are given up soon, so that no case waits for them.
    transport: () =>
      firehoseTransport({
        ...proxied,
        requestTimeoutMs: 5_000,
        provisioning: into(bucket.arn),
      }),
    faults: faultsOf(aws, tcp),
    async close() {
      await tcp.stop();
      await aws.stop();
    },
  };
}

let started: Promise<Emulator> | undefined;

async function start(): Promise<Emulator> {
  const { environment } = await startBroker('moto');
  const endpoint = environment['INTERMODAL_MOTO_ENDPOINT'] ?? '';
  return { endpoint, bucket: await newBucket(endpoint) };
}

export const onMoto: Harness = {
  name: 'firehose-moto',
  broker: 'moto 5.2.5',
  async open() {
    started ??= start();
    return open(await started);
  },
  times: { withinMs: 45_000 },
  // What is no text travels as base64.
  limits: { messageBytes: 767_000 },
};

export const harnesses: readonly Harness[] = [onMoto];
