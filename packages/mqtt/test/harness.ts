import type { Broker, Faults, Harness } from '@intermodal/conformance';
import { type MqttProtocol, mqttTransport, type MqttTransportOptions } from '../src/index.ts';
import { type BrokerName, type Server, serverOf } from './broker.ts';
import { type MqttProxy, startMqttProxy } from './mqtt-proxy.ts';

const maxMessageBytes = 1_048_576;
// What is no text travels as base64 in an envelope.
const messageBytes = { '5': maxMessageBytes, '3.1.1': (maxMessageBytes * 3) / 4 } as const;
const quotaExceeded = 0x97;
const payloadFormatInvalid = 0x99;

async function open(name: BrokerName, protocol: MqttProtocol): Promise<Broker> {
  const server = await serverOf(name);
  const proxy = await startMqttProxy(server.host);
  const options: MqttTransportOptions = { ...server.options(protocol), maxMessageBytes };
  const hosts = [{ host: '127.0.0.1', port: proxy.port }];
  return {
    transport: () => mqttTransport({ ...options, hosts }),
    faults: faultsOf(proxy, server, protocol),
    program: {
      module: new URL('program.ts', import.meta.url).href,
      argument: JSON.stringify(options),
    },
    close: () => proxy.stop(),
  };
}

function faultsOf(proxy: MqttProxy, { broker }: Server, protocol: MqttProtocol): Faults {
  const faults: Faults = {
    cut() {
      proxy.cut();
    },
    async restart() {
      await broker.kill();
      await broker.restart();
    },
    freeze: () => proxy.freeze(),
    blackhole() {
      proxy.blackHole();
    },
    loseReplies(count) {
      proxy.loseAnswers(count);
    },
    deny() {
      proxy.deny();
    },
  };
  // Before 5 no PUBACK says no.
  if (protocol === '3.1.1') return faults;
  return {
    ...faults,
    failEntries(count) {
      proxy.refuse(count, quotaExceeded);
    },
    refuseEntries(count) {
      proxy.refuse(count, payloadFormatInvalid);
    },
  };
}

const versions: Readonly<Record<BrokerName, string>> = {
  mosquitto: 'Mosquitto 2.0',
  activemq: 'ActiveMQ 5.18',
  'rabbitmq-protocols': 'RabbitMQ 3.10',
  aedes: 'aedes 1.2',
};

function harness(on: BrokerName, protocol: MqttProtocol, suffix = ''): Harness {
  return {
    name: `mqtt-${on.replace('-protocols', '')}${suffix}`,
    broker: versions[on],
    open: () => open(on, protocol),
    // Times to live are whole seconds, and Mosquitto's end at a full one.
    times: { withinMs: 60_000, caseMs: 240_000, delayMs: 3_000 },
    // A group comes into being when it is asked for.
    limits: { messageBytes: messageBytes[protocol], missingChannel: 'created' },
  };
}

export const onMosquitto5: Harness = harness('mosquitto', '5', '-5');
export const onMosquitto3: Harness = harness('mosquitto', '3.1.1', '-3.1.1');
export const onActivemq: Harness = harness('activemq', '3.1.1');
export const onRabbitmq: Harness = harness('rabbitmq-protocols', '3.1.1');

export const onAedes: Harness = harness('aedes', '3.1.1');

export const harnesses: readonly Harness[] = [
  onMosquitto5,
  onMosquitto3,
  onActivemq,
  onRabbitmq,
  onAedes,
];
