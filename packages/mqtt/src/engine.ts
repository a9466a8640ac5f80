import type { Address } from '@intermodal/core/driver';

/** Which broker speaks MQTT there, since each keeps sessions, groups and limits in its own way. */
export type MqttBroker =
  | 'mosquitto'
  | 'activemq'
  | 'rabbitmq'
  | 'emqx'
  | 'hivemq'
  | 'iot-core'
  | 'aedes';

export type MqttProtocol = '3.1.1' | '5';

export const mqttBrokers: readonly MqttBroker[] = [
  'mosquitto',
  'activemq',
  'rabbitmq',
  'emqx',
  'hivemq',
  'iot-core',
  'aedes',
];

/** `any`: an ack settles its own message alone. `protocol`: a broker may demand the order of the deliveries. */
export type AckOrder = 'any' | 'protocol';

interface Engine {
  readonly protocols: readonly MqttProtocol[];
  /** Whether members of a shared subscription each get a part; some brokers grant one and deliver nothing. */
  readonly shares: boolean;
  /** Whether a session is resumed before it gets anything new; else that overtakes what it held, of which some comes twice. */
  readonly resumesFirst: boolean;
  readonly ackOrder: AckOrder;
  /** Whether what was confirmed is on disk; some confirm first, and save later. */
  readonly durable: boolean;
  /** Whether CONNACK says that a session was there. */
  readonly tellsSessions: boolean;
  /** What the topic of a whole channel begins with. */
  readonly prefix: string;
  /** Of WebSockets, unless the options name another. */
  readonly path: string;
}

const standard: Engine = {
  protocols: ['5', '3.1.1'],
  shares: true,
  resumesFirst: true,
  // What the specification asks of a client, where nothing else was seen on the broker itself.
  ackOrder: 'protocol',
  durable: true,
  tellsSessions: true,
  prefix: '',
  path: 'mqtt',
};

/** @see https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901240 for the order of acks */
export const engines: Readonly<Record<MqttBroker, Engine>> = {
  mosquitto: { ...standard, ackOrder: 'any', durable: false, path: '' },
  activemq: {
    protocols: ['3.1.1'],
    shares: false,
    resumesFirst: true,
    ackOrder: 'any',
    durable: true,
    tellsSessions: false,
    // Consumers by AMQP 1.0, STOMP and JMS have their queues behind it.
    prefix: 'VirtualTopic/',
    path: '',
  },
  rabbitmq: { ...standard, shares: false, ackOrder: 'any', path: 'ws' },
  emqx: { ...standard, durable: false },
  hivemq: standard,
  'iot-core': standard,
  aedes: {
    protocols: ['3.1.1'],
    shares: false,
    resumesFirst: false,
    ackOrder: 'any',
    durable: false,
    tellsSessions: true,
    prefix: '',
    path: '',
  },
};

export type Naming = ((address: Address) => string) | undefined;

/** What is used of a broker. */
export interface Place {
  /** Where messages of the address are published. */
  readonly topic: string;
  /** What a group subscribes to: everything of the channel, and what is meant for the group alone. */
  readonly filters: readonly string[];
  /** For errors, as a phrase. */
  readonly phrase: string;
}

/** Channels and groups have neither slash nor underscore, so that no two collide. */
export function placeOf(broker: MqttBroker, address: Address, naming: Naming): Place {
  const { channel, role, native } = address;
  const group = address.group ?? channel;
  const nameOf = (part: Address, otherwise: string): string => naming?.(part) ?? otherwise;
  const whole = nameOf({ channel, role: 'main' }, `${engines[broker].prefix}${channel}`);
  const own = nameOf({ channel, group, role: 'main' }, `${channel}/${group}`);
  const dead = nameOf({ channel, group, role: 'dead-letter' }, `${channel}/${group}_dlq`);
  if (native !== undefined) return placed(native, [native]);
  if (role === 'dead-letter') return placed(dead, [dead]);
  return address.group === undefined ? placed(whole, [whole, own]) : placed(own, [whole, own]);
}

function placed(topic: string, filters: readonly string[]): Place {
  return { topic, filters: [...new Set(filters)], phrase: `topic '${topic}'` };
}

export function isFilter(topic: string): boolean {
  return /[+#]/.test(topic);
}
