import { awsClientOptions, startBroker, startOwnBroker } from '@intermodal/brokers';
import { queueFaults, startAwsProxy, startTcpProxy } from '@intermodal/brokers/faults';
import type { Broker, Harness } from '@intermodal/conformance';
import { type SqsTransportOptions, sqsTransport } from '../src/index.ts';

interface Emulator {
  readonly endpoint: string;
  /** Where it is this process's own and keeps its messages. */
  readonly restart?: () => Promise<void>;
}

/** Polls and silent connections are given up soon, so that no case waits for them. */
function optionsFor(endpoint: string, fifo: boolean): SqsTransportOptions {
  const connection = awsClientOptions('fauxqs', {}, endpoint);
  return { ...connection, fifo, waitSeconds: 1, requestTimeoutMs: 5_000 };
}

async function open({ endpoint, restart }: Emulator, fifo: boolean): Promise<Broker> {
  const aws = await startAwsProxy(endpoint);
  const tcp = await startTcpProxy({ port: Number(new URL(aws.endpoint).port) });
  return {
    transport: () => sqsTransport(optionsFor(`http://${tcp.host}:${tcp.port}`, fifo)),
    faults: { ...queueFaults(aws, tcp, endpoint), ...(restart === undefined ? {} : { restart }) },
    program: {
      module: new URL('program.ts', import.meta.url).href,
      argument: JSON.stringify(optionsFor(endpoint, fifo)),
    },
    async close() {
      await tcp.stop();
      await aws.stop();
    },
  };
}

interface Pair {
  readonly standard: Harness;
  readonly fifo: Harness;
}

function pair(broker: string, withinMs: number, start: () => Promise<Emulator>): Pair {
  let started: Promise<Emulator> | undefined;
  const of = (fifo: boolean): Harness => ({
    name: `sqs-${fifo ? 'fifo' : 'standard'}-${broker.split(' ')[0]}`,
    broker,
    async open() {
      started ??= start();
      return open(await started, fifo);
    },
    times: { leaseMs: 2_000, withinMs },
    limits: { messageBytes: 1_048_576 },
  });
  return { standard: of(false), fifo: of(true) };
}

/** One of its own, which may be killed. */
export const onFauxqs: Pair = pair('fauxqs 2.4.1', 30_000, async () => {
  const { environment, restart } = await startOwnBroker('fauxqs');
  return { endpoint: environment['INTERMODAL_FAUXQS_ENDPOINT'] ?? '', restart };
});

/** Slow, and without restarts, after which it has forgotten everything. */
export const onMoto: Pair = pair('moto 5.2.5', 90_000, async () => {
  const { environment } = await startBroker('moto');
  return { endpoint: environment['INTERMODAL_MOTO_ENDPOINT'] ?? '' };
});

export const harnesses: readonly Harness[] = [
  onFauxqs.standard,
  onFauxqs.fifo,
  onMoto.standard,
  onMoto.fifo,
];
