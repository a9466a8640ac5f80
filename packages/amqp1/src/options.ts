import type { ConnectionOptions } from 'node:tls';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import type { Amqp1Broker } from './engine.ts';

/** Replicated, or on one node. */
export type QueueType = 'quorum' | 'classic';

export interface Amqp1Host {
  readonly host: string;
  /** @defaultValue 5671 with `tls`, else 5672 */
  readonly port?: number | undefined;
}

export interface Amqp1Login {
  readonly username: string;
  /** Or the token, where the broker takes one as the password. */
  readonly password: string;
}

/** `external`: the client certificate says who it is. A function is asked at each open. */
export type Amqp1Credentials =
  | Amqp1Login
  | 'external'
  | ((signal: AbortSignal) => Amqp1Login | Promise<Amqp1Login>);

/** Of Node's TLS options those that concern a client. Certificates are always checked. */
export type Amqp1Tls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'minVersion' | 'checkServerIdentity'
>;

export interface Amqp1TransportOptions<
  B extends Amqp1Broker = Amqp1Broker,
  Q extends QueueType | undefined = QueueType | undefined,
  S extends boolean | undefined = boolean | undefined,
> {
  /** Checked at each open: what a transport can do depends on it. */
  readonly broker: B;
  /**
   * Active and standbys, or nodes of one cluster: each open tries them in turn, beginning behind the one that failed.
   *
   * @defaultValue localhost
   */
  readonly hosts?: readonly Amqp1Host[];
  /** RabbitMQ. @defaultValue that of the user, as a rule `/` */
  readonly vhost?: string | undefined;
  /** @defaultValue guest, guest */
  readonly credentials?: Amqp1Credentials | undefined;
  /** `true`, or what is needed besides the certificates that Node trusts. @defaultValue false */
  readonly tls?: boolean | Amqp1Tls | undefined;
  /** RabbitMQ: of the queues, those that `provision` declares among them. @defaultValue `quorum` */
  readonly queueType?: Q;
  /** One consumer of a group at a time: order by key, on ActiveMQ also when a connection is lost. @defaultValue false */
  readonly singleActiveConsumer?: S;
  /**
   * RabbitMQ 4, quorum queues that `provision` declares: failed deliveries after which RabbitMQ itself moves a message to
   * the dead letters.
   *
   * @defaultValue 100
   */
  readonly deliveryLimit?: number;
  /** RabbitMQ 4: further arguments of the groups' queues that `provision` declares. */
  readonly queueArguments?: Readonly<Record<string, string | number | boolean>>;
  /**
   * The exchange or topic of a channel (no group), or a queue.
   *
   * @defaultValue `orders`, `orders.billing`, `orders.billing_dlq`; on ActiveMQ `VirtualTopic.orders`,
   *   `Consumer.billing.VirtualTopic.orders`, `DLQ.Consumer.billing.VirtualTopic.orders`
   */
  readonly naming?: (address: Address) => string;
  /** Of the encoded message; a lower limit of the broker wins where it tells it. @defaultValue 16,777,216 */
  readonly maxMessageBytes?: number;
  /** Messages of one sender without an outcome; more wait. @defaultValue 2,048 */
  readonly maxUnconfirmedMessages?: number;
  /** Their bytes. A larger message goes alone. @defaultValue 16,777,216 */
  readonly maxUnconfirmedBytes?: number;
  /** Silence of the broker that ends a connection. @defaultValue 20,000 */
  readonly idleTimeoutMs?: number;
  /** For each host, from the first packet to the login. @defaultValue 10,000 */
  readonly connectTimeoutMs?: number;
  /** Container ids begin with it, followed by `publish` or `consume` and what makes them unique. @defaultValue `intermodal` */
  readonly connectionName?: string;
}

/** Options with their defaults. */
export interface Settings extends Required<
  Pick<
    Amqp1TransportOptions,
    | 'broker'
    | 'deliveryLimit'
    | 'queueArguments'
    | 'maxMessageBytes'
    | 'maxUnconfirmedMessages'
    | 'maxUnconfirmedBytes'
    | 'idleTimeoutMs'
    | 'connectTimeoutMs'
    | 'connectionName'
  >
> {
  readonly hosts: readonly Amqp1Host[];
  readonly vhost: string | undefined;
  readonly credentials: Amqp1Credentials;
  readonly tls: Amqp1Tls | undefined;
  readonly queueType: QueueType;
  readonly singleActiveConsumer: boolean;
  readonly naming: ((address: Address) => string) | undefined;
}

const brokers: readonly Amqp1Broker[] = ['rabbitmq', 'rabbitmq3', 'activemq'];

const ranges = {
  deliveryLimit: [1, 2_147_483_647],
  maxMessageBytes: [1, 536_870_912],
  maxUnconfirmedMessages: [1, 2_048],
  maxUnconfirmedBytes: [1, Number.MAX_SAFE_INTEGER],
  idleTimeoutMs: [2_000, 3_600_000],
  connectTimeoutMs: [100, 900_000],
} as const;

/** Options that mean nothing to the others. */
const only: readonly (readonly [keyof Amqp1TransportOptions, readonly Amqp1Broker[]])[] = [
  ['vhost', ['rabbitmq', 'rabbitmq3']],
  ['queueType', ['rabbitmq', 'rabbitmq3']],
  ['deliveryLimit', ['rabbitmq']],
  ['queueArguments', ['rabbitmq']],
];

/** @throws `invalid-argument` */
export function resolveOptions(options: Amqp1TransportOptions): Settings {
  const { broker, queueType = 'quorum', tls = false } = options;
  if (!brokers.includes(broker))
    throw invalid(`broker is '${broker}': it must be one of ${brokers.join(', ')}`);
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most))
      continue;
    throw invalid(`${name} is ${value}: it must be a whole number from ${least} to ${most}`);
  }
  for (const [name, known] of only)
    if (options[name] !== undefined && !known.includes(broker))
      throw invalid(`${name} means nothing to '${broker}': leave it out`);
  if (options.hosts?.length === 0) throw invalid('hosts is empty: name one, or leave it out');
  if (options.deliveryLimit !== undefined && queueType !== 'quorum')
    throw invalid('deliveryLimit is for quorum queues: classic queues count nothing');
  if (options.credentials === 'external' && tls === false)
    throw invalid("credentials 'external' are a client certificate, which needs tls");
  return {
    broker,
    hosts: options.hosts ?? [{ host: 'localhost' }],
    vhost: options.vhost === '' ? '/' : options.vhost,
    credentials: options.credentials ?? { username: 'guest', password: 'guest' },
    tls: tls === false ? undefined : tls === true ? {} : tls,
    queueType,
    singleActiveConsumer: options.singleActiveConsumer ?? false,
    deliveryLimit: options.deliveryLimit ?? 100,
    queueArguments: options.queueArguments ?? {},
    naming: options.naming,
    maxMessageBytes: options.maxMessageBytes ?? 16_777_216,
    maxUnconfirmedMessages: options.maxUnconfirmedMessages ?? 2_048,
    maxUnconfirmedBytes: options.maxUnconfirmedBytes ?? 16_777_216,
    idleTimeoutMs: options.idleTimeoutMs ?? 20_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    connectionName: options.connectionName ?? 'intermodal',
  };
}

function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `amqp1: ${text}`, { transport: 'amqp1' });
}
