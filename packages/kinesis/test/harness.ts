import { awsClientOptions, startBroker, startOwnBroker } from '@intermodal/brokers';
import { startAwsProxy, startFanOutPeer, startTcpProxy } from '@intermodal/brokers/faults';
import type { Broker, Harness } from '@intermodal/conformance';
import { kinesisTransport, type KinesisTransportOptions } from '../src/index.ts';
import { faultsOf } from './faults.ts';
import { trustEveryCertificate } from './trust.ts';

export interface Emulators {
  readonly kinesis: string;
  readonly dynamo: string;
}

/** Shards change hands soon, and silent connections are given up soon, so that no case waits for them. */
function optionsFor(
  { kinesis, dynamo }: Emulators,
  more: KinesisTransportOptions = {},
): KinesisTransportOptions {
  return {
    ...awsClientOptions('kinesis-local', {}, kinesis),
    leaseEndpoint: dynamo,
    pollMs: 200,
    requestTimeoutMs: 5_000,
    leasing: { failoverMs: 3_000 },
    provisioning: { capacity: { shards: 2 } },
    ...more,
  };
}

async function open(emulators: Emulators): Promise<Broker> {
  const aws = await startAwsProxy(emulators.kinesis);
  const leases = await startAwsProxy(emulators.dynamo);
  const tcp = await startTcpProxy({ port: Number(new URL(aws.endpoint).port) });
  const proxied = { kinesis: `http://${tcp.host}:${tcp.port}`, dynamo: leases.endpoint };
  return {
    transport: () => kinesisTransport(optionsFor(proxied)),
    faults: faultsOf(aws, leases, tcp, emulators),
    program: programWith(optionsFor(emulators)),
    async close() {
      await tcp.stop();
      await Promise.all([aws.stop(), leases.stop()]);
    },
  };
}

/** By HTTP/2 and by subscriptions, which the peer adds to the emulator. */
async function openFanOut(emulators: Emulators): Promise<Broker> {
  trustEveryCertificate();
  const aws = await startAwsProxy(emulators.kinesis);
  const leases = await startAwsProxy(emulators.dynamo);
  // A fifth of AWS's five seconds: crashes and hand-overs run into it all the time, and cases would mostly wait.
  const peer = await startFanOutPeer(aws.endpoint, { takeOverMs: 1_000 });
  const tcp = await startTcpProxy({ port: Number(new URL(peer.endpoint).port) });
  const optionsAt = (port: string | number): KinesisTransportOptions =>
    optionsFor(
      { kinesis: `https://127.0.0.1:${port}`, dynamo: leases.endpoint },
      { reading: 'fan-out' },
    );
  return {
    transport: () => kinesisTransport(optionsAt(tcp.port)),
    faults: faultsOf(aws, leases, tcp, emulators),
    program: programWith(optionsAt(new URL(peer.endpoint).port)),
    async close() {
      await tcp.stop();
      await peer.stop();
      await Promise.all([aws.stop(), leases.stop()]);
    },
  };
}

function programWith(options: KinesisTransportOptions): NonNullable<Broker['program']> {
  return {
    module: new URL('program.ts', import.meta.url).href,
    argument: JSON.stringify(options),
  };
}

function harness(
  name: string,
  broker: string,
  start: () => Promise<Emulators>,
  openWith = open,
): Harness {
  return {
    name,
    broker,
    async open() {
      return openWith(await start());
    },
    times: { withinMs: 45_000, quietMs: 500, caseMs: 240_000 },
    // What is no text travels as base64.
    limits: { messageBytes: 786_432 },
  };
}

let started: Promise<Emulators> | undefined;

/** One of its own, which nobody else keeps busy. */
function startedOnce(): Promise<Emulators> {
  started ??= npmEmulators();
  return started;
}

async function npmEmulators(): Promise<Emulators> {
  const [kinesis, dynamo] = await Promise.all([
    startOwnBroker('kinesis-local'),
    startBroker('dynalite'),
  ]);
  return {
    kinesis: kinesis.environment['INTERMODAL_KINESIS_LOCAL_ENDPOINT'] ?? '',
    dynamo: dynamo.environment['INTERMODAL_DYNALITE_ENDPOINT'] ?? '',
  };
}

async function moto(): Promise<Emulators> {
  const { environment } = await startBroker('moto');
  const endpoint = environment['INTERMODAL_MOTO_ENDPOINT'] ?? '';
  return { kinesis: endpoint, dynamo: endpoint };
}

export const onKinesisLocal: Harness = harness(
  'kinesis-kinesis-local',
  'kinesis-local 0.6.2, dynalite 4.0.0',
  startedOnce,
);

export const fanOutOnKinesisLocal: Harness = harness(
  'kinesis-fan-out-kinesis-local',
  'kinesis-local 0.6.2 behind a peer for fan-out, dynalite 4.0.0',
  startedOnce,
  openFanOut,
);

export const onMoto: Harness = harness('kinesis-moto', 'moto 5.2.5', moto);

export const harnesses: readonly Harness[] = [onKinesisLocal, fanOutOnKinesisLocal, onMoto];
