import { writeDownQueues } from '@intermodal/brokers';
import { type Broker, type Case, cases, type Faults, type Harness } from '@intermodal/conformance';
import { amqpTransport, type AmqpTransportOptions } from '../src/index.ts';
import { type AmqpProxy, startAmqpProxy } from './amqp-proxy.ts';
import { type BrokerName, rabbit, type Rabbit } from './broker.ts';

const maxMessageBytes = 1_048_576;

async function open(name: BrokerName, kind: AmqpTransportOptions): Promise<Broker> {
  const server = await rabbit(name);
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

function faultsOf(proxy: AmqpProxy, { broker }: Rabbit): Faults {
  return {
    cut() {
      proxy.cut();
    },
    async restart() {
      await writeDownQueues(broker);
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
    times: { withinMs: 60_000, caseMs: 240_000 },
    limits: {
      messageBytes: maxMessageBytes,
      ...(options.topology === 'verify' ? {} : { missingChannel: 'created' }),
    },
  };
}

export const harnessesOn = (on: BrokerName): readonly Harness[] => [
  harness('quorum', {}, on),
  harness('classic', { queueType: 'classic', maxPriority: 9, topology: 'verify' }, on),
];

/** Of a group one member at a time gets anything: cases in which several work at once cannot pass. */
export const singleActiveOn = (on: BrokerName): Harness =>
  harness('single-active', { singleActiveConsumer: true }, on);

const needsSeveralAtOnce: readonly string[] = [
  'what lies beyond prefetch is left to other consumers',
  'what a paused consumer does not fetch is left to others',
  'the token of one receiver is refused by another one',
  // On isolation 'window' core gives back in order, which is after the handlers.
  'stop waits for running handlers, settles them, and gives back the rest at once',
];

export const singleActiveCases: readonly Case[] = cases.filter(
  ({ name }) => !needsSeveralAtOnce.includes(name),
);

export const harnesses: readonly Harness[] = harnessesOn('rabbitmq');
