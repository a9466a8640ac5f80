import { type Broker, type Case, cases, type Faults, type Harness } from '@intermodal/conformance';
import { amqpTransport, type AmqpTransportOptions } from '../src/index.ts';
import { type AmqpProxy, startAmqpProxy } from './amqp-proxy.ts';
import { rabbit } from './broker.ts';

const maxMessageBytes = 1_048_576;

async function open(kind: AmqpTransportOptions): Promise<Broker> {
  const { host, port, username, password } = rabbit();
  const proxy = await startAmqpProxy({ host, port });
  // Silence is found soon, so that no case waits long for it.
  const options: AmqpTransportOptions = {
    credentials: { username, password },
    maxMessageBytes,
    heartbeatSeconds: 1,
    ...kind,
  };
  const direct = { ...options, hosts: [{ host, port }] };
  return {
    transport: () =>
      amqpTransport({ ...options, hosts: [{ host: '127.0.0.1', port: proxy.port }] }),
    faults: faultsOf(proxy),
    program: {
      module: new URL('program.ts', import.meta.url).href,
      argument: JSON.stringify(direct),
    },
    close: () => proxy.stop(),
  };
}

function faultsOf(proxy: AmqpProxy): Faults {
  return {
    cut() {
      proxy.cut();
    },
    freeze: () => proxy.freeze(),
    blackhole() {
      proxy.blackHole();
    },
    failEntries(count) {
      proxy.refuse(count, 'nack');
    },
    refuseEntries(count) {
      proxy.refuse(count, 'return');
    },
    loseReplies(count) {
      proxy.loseConfirms(count);
    },
    deny() {
      proxy.deny();
    },
  };
}

function harness(name: string, kind: AmqpTransportOptions): Harness {
  return {
    name,
    broker: 'RabbitMQ 3.10',
    open: () => open(kind),
    times: { withinMs: 20_000 },
    limits: {
      messageBytes: maxMessageBytes,
      ...(kind.topology === 'verify' ? {} : { missingChannel: 'created' }),
    },
  };
}

export const harnesses: readonly Harness[] = [
  harness('amqp-quorum', {}),
  harness('amqp-classic', { queueType: 'classic', maxPriority: 9, topology: 'verify' }),
];

/** Of a group one member at a time gets anything: cases in which several work at once cannot pass. */
export const singleActive: Harness = harness('amqp-single-active', { singleActiveConsumer: true });

const needsSeveralAtOnce: readonly string[] = [
  'what lies beyond prefetch is left to other consumers',
  'what a paused consumer does not fetch is left to others',
  'the token of one receiver is refused by another one',
];

export const singleActiveCases: readonly Case[] = cases.filter(
  ({ name }) => !needsSeveralAtOnce.includes(name),
);
