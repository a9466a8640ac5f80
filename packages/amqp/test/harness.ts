import { writeDownDeclarations } from '@intermodal/brokers';
import { type Broker, type Case, cases, type Faults, type Harness } from '@intermodal/conformance';
import { amqpTransport, type AmqpTransportOptions } from '../src/index.ts';
import { type AmqpProxy, startAmqpProxy } from './amqp-proxy.ts';
import { type BrokerName, ownRabbit, type OwnRabbit } from './broker.ts';

const maxMessageBytes = 1_048_576;

async function open(name: BrokerName, kind: AmqpTransportOptions): Promise<Broker> {
  const server = await ownRabbit(name);
  const proxy = await startAmqpProxy(server.host);
  // Silence is found soon, so that no case waits long for it.
  const options: AmqpTransportOptions = { ...server.options, ...kind, maxMessageBytes };
  return {
    transport: () =>
      amqpTransport({ ...options, hosts: [{ host: '127.0.0.1', port: proxy.port }] }),
    faults: faultsOf(proxy, server),
    program: {
      module: new URL('program.ts', import.meta.url).href,
      argument: JSON.stringify(options),
    },
    close: () => proxy.stop(),
  };
}

function faultsOf(proxy: AmqpProxy, { broker }: OwnRabbit): Faults {
  return {
    cut() {
      proxy.cut();
    },
    async restart() {
      await writeDownDeclarations(broker);
      await broker.kill();
      await broker.restart();
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

function harness(kind: string, options: AmqpTransportOptions, on: BrokerName): Harness {
  return {
    name: `amqp-${kind}-${on}`,
    broker: on === 'rabbitmq' ? 'RabbitMQ 3.10' : 'RabbitMQ 4.0',
    open: () => open(on, options),
    times: { withinMs: 120_000, caseMs: 300_000 },
    limits: {
      messageBytes: maxMessageBytes,
      ...(options.topology === 'verify' ? {} : { missingChannel: 'created' }),
    },
  };
}

/** One for each kind of queue that behaves in its own way. */
type Kind = 'quorum' | 'classic' | 'singleActive';

export const harnessesOn = (on: BrokerName): Readonly<Record<Kind, Harness>> => ({
  quorum: harness('quorum', {}, on),
  classic: harness('classic', { queueType: 'classic', maxPriority: 9, topology: 'verify' }, on),
  singleActive: harness('single-active', { singleActiveConsumer: true }, on),
});

export const harnesses: readonly Harness[] = Object.values(harnessesOn('rabbitmq'));

export const aboutOrder: readonly Case[] = cases.filter(
  ({ claims }) => claims?.order !== undefined,
);
