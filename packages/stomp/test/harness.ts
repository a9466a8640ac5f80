import { amqpTransport } from '@intermodal/amqp';
import { hostOf, writeDownDeclarations } from '@intermodal/brokers';
import type { Broker, Faults, Harness } from '@intermodal/conformance';
import type { Transport } from '@intermodal/core/driver';
import { stompTransport, type StompTransportOptions } from '../src/index.ts';
import { type BrokerName, type Server, serverOf } from './broker.ts';
import { startStompProxy, type StompProxy } from './stomp-proxy.ts';

const maxMessageBytes = 1_048_576;

type Kind = Pick<
  StompTransportOptions,
  'queueType' | 'singleActiveConsumer' | 'scheduler' | 'prioritizedMessages' | 'naming'
>;

async function open(name: BrokerName, kind: Kind): Promise<Broker> {
  const server = await serverOf(name);
  const proxy = await startStompProxy(server.host);
  const options: StompTransportOptions = { ...server.options, ...kind, maxMessageBytes };
  return {
    transport: () => transportBy(server, options, [{ host: '127.0.0.1', port: proxy.port }]),
    faults: faultsOf(proxy, server),
    // A naming is a function, which no other process can be told.
    ...(kind.naming === undefined && {
      program: {
        module: new URL('program.ts', import.meta.url).href,
        argument: JSON.stringify(options),
      },
    }),
    close: () => proxy.stop(),
  };
}

/** RabbitMQ has no way to provision by STOMP: `@intermodal/amqp` does it there, as the README says. */
function transportBy(
  server: Server,
  options: StompTransportOptions,
  hosts: NonNullable<StompTransportOptions['hosts']>,
): Transport {
  const transport: Transport = stompTransport({ ...options, hosts });
  if (options.broker !== 'rabbitmq') return transport;
  const { queueType, singleActiveConsumer, credentials } = options;
  const provisioner: Transport = amqpTransport({
    hosts: [hostOf(server.address('URL'))],
    queueType,
    singleActiveConsumer,
    ...(typeof credentials === 'object' ? { credentials } : {}),
  });
  const close = async (): Promise<void> => {
    await Promise.all([transport.close(), provisioner.close()]);
  };
  return { ...transport, ...(provisioner.admin && { admin: provisioner.admin }), close };
}

function faultsOf(proxy: StompProxy, { name, broker }: Server): Faults {
  // RabbitMQ's errors name no frame and end the connection.
  const named: Faults = {
    failEntries(count) {
      proxy.refuse(count, 'Usage Manager Memory Limit reached');
    },
    refuseEntries(count) {
      proxy.refuse(count, 'The scheduled repeat value is too large');
    },
    failSettlements(count) {
      proxy.refuseAcks(count);
    },
  };
  return {
    ...(name === 'rabbitmq-protocols' ? {} : named),
    cut() {
      proxy.cut();
    },
    async restart() {
      if (name === 'rabbitmq-protocols') await writeDownDeclarations(broker);
      await broker.kill();
      await broker.restart();
    },
    freeze: () => proxy.freeze(),
    blackhole() {
      proxy.blackHole();
    },
    loseReplies(count) {
      proxy.loseReceipts(count);
    },
    deny() {
      proxy.deny();
    },
  };
}

const versions: Readonly<Record<BrokerName, string>> = {
  'rabbitmq-protocols': 'RabbitMQ 3.10',
  activemq: 'ActiveMQ 5.18',
  'activemq-redelivery': 'ActiveMQ 5.18',
};

function harness(on: BrokerName, suffix: string, kind: Kind = {}): Harness {
  return {
    name: `stomp-${suffix}`,
    broker: versions[on],
    open: () => open(on, kind),
    times: { withinMs: 60_000, caseMs: 240_000 },
    limits: {
      messageBytes: maxMessageBytes,
      // ActiveMQ makes what is asked for.
      ...(on === 'rabbitmq-protocols' ? {} : { missingChannel: 'created' }),
    },
  };
}

export const onActivemq: Harness = harness('activemq', 'activemq');
export const onRabbitmq: Harness = harness('rabbitmq-protocols', 'rabbitmq');

/** As `conformance.test.ts` runs them with the options that are usual. */
export const kinds: readonly Harness[] = [
  harness('rabbitmq-protocols', 'rabbitmq-classic', { queueType: 'classic' }),
  harness('activemq', 'activemq-no-scheduler', { scheduler: false }),
  harness('activemq', 'activemq-priorities', {
    prioritizedMessages: true,
    naming: ({ channel, group, role }) => {
      const topic = `VirtualTopic.prioritized.${channel}`;
      if (group === undefined) return topic;
      return `${role === 'main' ? '' : 'DLQ.'}Consumer.${group}.${topic}`;
    },
  }),
];

/** Of a group one member at a time gets anything: cases in which several work at once cannot pass. */
export const singleActive: Harness = harness('rabbitmq-protocols', 'rabbitmq-single-active', {
  singleActiveConsumer: true,
});

export const harnesses: readonly Harness[] = [onActivemq, onRabbitmq];
