import type { ConnectionOptions } from 'node:tls';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import type { connect } from 'amqplib';

/** Replicated, or on one node. */
export type QueueType = 'quorum' | 'classic';

export interface AmqpHost {
  readonly host: string;
  /** @defaultValue 5671 with `tls`, else 5672 */
  readonly port?: number | undefined;
}

export interface AmqpLogin {
  readonly username: string;
  /** Or the token, where the broker takes one as the password. */
  readonly password: string;
  /** The connection is given a newer one before that time. @defaultValue it does not expire */
  readonly expiresAt?: Date | undefined;
}

/** `external`: the client certificate says who it is. A function is asked at each open and before a login expires. */
export type AmqpCredentials =
  | AmqpLogin
  | 'external'
  | ((signal: AbortSignal) => AmqpLogin | Promise<AmqpLogin>);

/** Of Node's TLS options those that concern a client. Certificates are always checked. */
export type AmqpTls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'minVersion' | 'checkServerIdentity'
>;

export interface AmqpTransportOptions<
  Q extends QueueType | undefined = QueueType | undefined,
  S extends boolean | undefined = boolean | undefined,
  P extends number | undefined = number | undefined,
> {
  /** Nodes of one cluster: each open tries them in turn, beginning behind the one that failed. @defaultValue localhost */
  readonly hosts?: readonly AmqpHost[];
  readonly vhost?: string | undefined;
  /** @defaultValue guest, guest */
  readonly credentials?: AmqpCredentials | undefined;
  /** `true`, or what is needed besides the certificates that Node trusts. @defaultValue false */
  readonly tls?: boolean | AmqpTls | undefined;
  /** Of the queues that are declared. @defaultValue `quorum` */
  readonly queueType?: Q;
  /** One consumer of a group at a time, and with that order by key. @defaultValue false */
  readonly singleActiveConsumer?: S;
  /** Classic queues: levels of priority that are told apart; `publish` knows 0 to 9. @defaultValue none */
  readonly maxPriority?: P;
  /**
   * What an open does about exchanges and queues: declares them, verifies that they are there and as wanted, or takes
   * them as they are.
   *
   * @defaultValue `declare`
   */
  readonly topology?: 'declare' | 'verify' | 'assume';
  /** Quorum queues: failed deliveries after which RabbitMQ itself moves a message to the dead letters. @defaultValue 100 */
  readonly deliveryLimit?: number;
  /** Further arguments of the groups' queues, before what follows from the other options. */
  readonly queueArguments?: Readonly<Record<string, string | number | boolean>>;
  /** The exchange of a channel (no group), or a queue. @defaultValue `orders`, `orders.billing`, `orders.billing_dlq` */
  readonly naming?: (address: Address) => string;
  /** Of body and headers; the broker's own limit must not be lower. @defaultValue 16,777,216 */
  readonly maxMessageBytes?: number;
  /** Messages of one sender without a confirm; more wait. @defaultValue 2,048 */
  readonly maxUnconfirmedMessages?: number;
  /** Their bytes. A larger message goes alone. @defaultValue 16,777,216 */
  readonly maxUnconfirmedBytes?: number;
  /** Silence is found after two to three of these; 0 for none. The broker may ask for less. @defaultValue 10 */
  readonly heartbeatSeconds?: number;
  /** For each host, from the first packet to the login. @defaultValue 10,000 */
  readonly connectTimeoutMs?: number;
  /** As the broker's management shows it, with `publish` or `consume`. @defaultValue `intermodal` */
  readonly connectionName?: string;
  /** `connect` of another amqplib, an instrumented one for instance. */
  readonly connect?: typeof connect;
}

/** Options with their defaults. */
export interface Settings extends Required<
  Pick<
    AmqpTransportOptions,
    | 'topology'
    | 'deliveryLimit'
    | 'queueArguments'
    | 'maxMessageBytes'
    | 'maxUnconfirmedMessages'
    | 'maxUnconfirmedBytes'
    | 'heartbeatSeconds'
    | 'connectTimeoutMs'
    | 'connectionName'
  >
> {
  readonly hosts: readonly AmqpHost[];
  readonly vhost: string;
  readonly credentials: AmqpCredentials;
  readonly tls: AmqpTls | undefined;
  readonly queueType: QueueType;
  readonly singleActiveConsumer: boolean;
  readonly maxPriority: number | undefined;
  readonly naming: ((address: Address) => string) | undefined;
  readonly connect: typeof connect | undefined;
}

const ranges = {
  maxPriority: [1, 255],
  deliveryLimit: [1, 2_147_483_647],
  maxMessageBytes: [1, 536_870_912],
  maxUnconfirmedMessages: [1, 1_000_000],
  maxUnconfirmedBytes: [1, Number.MAX_SAFE_INTEGER],
  heartbeatSeconds: [0, 3_600],
  connectTimeoutMs: [100, 900_000],
} as const;

/** @throws `invalid-argument` */
export function resolveOptions(options: AmqpTransportOptions): Settings {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most))
      continue;
    throw invalid(`${name} is ${value}: it must be a whole number from ${least} to ${most}`);
  }
  const { queueType = 'quorum', singleActiveConsumer = false, maxPriority, tls = false } = options;
  if (options.hosts?.length === 0) throw invalid('hosts is empty: name one, or leave it out');
  if (maxPriority !== undefined && queueType !== 'classic')
    throw invalid("maxPriority is for classic queues: set queueType: 'classic', or leave it out");
  if (maxPriority !== undefined && singleActiveConsumer)
    throw invalid('priorities change the order that singleActiveConsumer keeps: leave out one');
  if (options.deliveryLimit !== undefined && queueType !== 'quorum')
    throw invalid('deliveryLimit is for quorum queues: classic queues count nothing');
  if (options.credentials === 'external' && tls === false)
    throw invalid("credentials 'external' are a client certificate, which needs tls");
  return {
    hosts: options.hosts ?? [{ host: 'localhost' }],
    vhost: options.vhost === undefined || options.vhost === '' ? '/' : options.vhost,
    credentials: options.credentials ?? { username: 'guest', password: 'guest' },
    tls: tls === false ? undefined : tls === true ? {} : tls,
    queueType,
    singleActiveConsumer,
    maxPriority,
    topology: options.topology ?? 'declare',
    deliveryLimit: options.deliveryLimit ?? 100,
    queueArguments: options.queueArguments ?? {},
    naming: options.naming,
    maxMessageBytes: options.maxMessageBytes ?? 16_777_216,
    maxUnconfirmedMessages: options.maxUnconfirmedMessages ?? 2_048,
    maxUnconfirmedBytes: options.maxUnconfirmedBytes ?? 16_777_216,
    heartbeatSeconds: options.heartbeatSeconds ?? 10,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    connectionName: options.connectionName ?? 'intermodal',
    connect: options.connect,
  };
}

function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `amqp: ${text}`, { transport: 'amqp' });
}
