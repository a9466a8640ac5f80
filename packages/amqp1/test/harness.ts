import { amqpTransport } from '@intermodal/amqp';
import { writeDownDeclarations } from '@intermodal/brokers';
import type { Broker, Faults, Harness } from '@intermodal/conformance';
import type { Transport } from '@intermodal/core/driver';
import { amqp1Transport, type Amqp1TransportOptions } from '../src/index.ts';
import { type Amqp1Proxy, startAmqp1Proxy } from './amqp1-proxy.ts';
import { type BrokerName, type Server, serverOf } from './broker.ts';

const maxMessageBytes = 1_048_576;

type Kind = Pick<Amqp1TransportOptions, 'queueType' | 'singleActiveConsumer'>;

async function open(name: BrokerName, kind: Kind): Promise<Broker> {
  const server = await serverOf(name);
  const proxy = await startAmqp1Proxy(server.host);
  const options: Amqp1TransportOptions = { ...server.options, ...kind, maxMessageBytes };
  return {
    transport: () => transportBy(options, [{ host: '127.0.0.1', port: proxy.port }]),
    faults: faultsOf(proxy, server),
    program: {
      module: new URL('program.ts', import.meta.url).href,
      argument: JSON.stringify(options),
    },
    close: () => proxy.stop(),
  };
}

/** RabbitMQ 3 has no way to provision by AMQP 1.0: `@intermodal/amqp` does it there, as the README says. */
function transportBy(
  options: Amqp1TransportOptions,
  hosts: NonNullable<Amqp1TransportOptions['hosts']>,
): Transport {
  const transport: Transport = amqp1Transport({ ...options, hosts });
  if (options.broker !== 'rabbitmq3') return transport;
  const { broker: _, idleTimeoutMs: _idle, credentials, ...rest } = options;
  const provisioner: Transport = amqpTransport({
    ...rest,
    ...(typeof credentials === 'object' ? { credentials } : {}),
  });
  const close = async (): Promise<void> => {
    await Promise.all([transport.close(), provisioner.close()]);
  };
  return { ...transport, ...(provisioner.admin && { admin: provisioner.admin }), close };
}

function faultsOf(proxy: Amqp1Proxy, { name, broker }: Server): Faults {
  return {
    cut() {
      proxy.cut();
    },
    async restart() {
      if (name !== 'activemq') await writeDownDeclarations(broker);
      await broker.kill();
      await broker.restart();
    },
    freeze: () => proxy.freeze(),
    blackhole() {
      proxy.blackHole();
    },
    failEntries(count) {
      proxy.refuse(count, 'rejected');
    },
    refuseEntries(count) {
      proxy.refuse(count, 'released');
    },
    loseReplies(count) {
      proxy.loseOutcomes(count);
    },
    deny() {
      proxy.deny();
    },
  };
}

const versions: Readonly<Record<BrokerName, string>> = {
  rabbitmq: 'RabbitMQ 3.10',
  rabbitmq4: 'RabbitMQ 4.0',
  activemq: 'ActiveMQ 5.18',
};

function harness(on: BrokerName, kind: Kind = {}, suffix = ''): Harness {
  return {
    name: `amqp1-${on}${suffix}`,
    broker: versions[on],
    open: () => open(on, kind),
    times: { withinMs: 60_000, caseMs: 240_000 },
    limits: {
      messageBytes: maxMessageBytes,
      // ActiveMQ makes what is asked for.
      ...(on === 'activemq' ? { missingChannel: 'created' } : {}),
    },
  };
}

export const onActivemq: Harness = harness('activemq');
export const onRabbitmq3: Harness = harness('rabbitmq');
export const onRabbitmq3Classic: Harness = harness(
  'rabbitmq',
  { queueType: 'classic' },
  '-classic',
);
export const onRabbitmq4: Harness = harness('rabbitmq4');
export const onRabbitmq4Classic: Harness = harness(
  'rabbitmq4',
  { queueType: 'classic' },
  '-classic',
);

/** Of a group one member at a time gets anything: cases in which several work at once cannot pass. */
export const singleActiveOn = (on: 'rabbitmq' | 'rabbitmq4'): Harness =>
  harness(on, { singleActiveConsumer: true }, '-single-active');

export const harnesses: readonly Harness[] = [onActivemq, onRabbitmq3, onRabbitmq4];
