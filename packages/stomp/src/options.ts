import type { ConnectionOptions } from 'node:tls';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import type { StompBroker } from './engine.ts';

/** Replicated, or on one node. */
export type QueueType = 'quorum' | 'classic';

export interface StompHost {
  readonly host: string;
  /** @defaultValue 61613, 61614 with `tls`; 61614, 61619 by WebSocket; on RabbitMQ 15674 by WebSocket */
  readonly port?: number | undefined;
}

export interface StompLogin {
  readonly username: string;
  readonly password: string;
}

/** `external`: the client certificate says who it is. A function is asked at each open. */
export type StompCredentials =
  | StompLogin
  | 'external'
  | ((signal: AbortSignal) => StompLogin | Promise<StompLogin>);

/** Of Node's TLS options those that concern a client. Certificates are always checked. */
export type StompTls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'minVersion' | 'checkServerIdentity'
>;

export interface StompWebSocket {
  /** @defaultValue `/`, on RabbitMQ `/ws` */
  readonly path?: string | undefined;
}

export interface StompTransportOptions<
  B extends StompBroker = StompBroker,
  Q extends QueueType | undefined = QueueType | undefined,
  S extends boolean | undefined = boolean | undefined,
  D extends boolean | undefined = boolean | undefined,
  P extends boolean | undefined = boolean | undefined,
> {
  /** Checked at each open: what a transport can do depends on it. */
  readonly broker: B;
  /**
   * Active and standbys, or nodes of one cluster: each open tries them in turn, beginning behind the one that failed.
   *
   * @defaultValue localhost
   */
  readonly hosts?: readonly StompHost[];
  /** RabbitMQ. @defaultValue `/` */
  readonly vhost?: string | undefined;
  /** @defaultValue guest, guest */
  readonly credentials?: StompCredentials | undefined;
  /** `true`, or what is needed besides the certificates that Node trusts. @defaultValue false */
  readonly tls?: boolean | StompTls | undefined;
  /** STOMP in a WebSocket instead of a TCP connection. @defaultValue false */
  readonly webSocket?: boolean | StompWebSocket | undefined;
  /** ActiveMQ: whether its scheduler is on, which delays need; it ignores them where it is off. @defaultValue true */
  readonly scheduler?: D;
  /** ActiveMQ: whether the policy of the queues has `prioritizedMessages`. @defaultValue false */
  readonly prioritizedMessages?: P;
  /** RabbitMQ: of the queues; only quorum queues count deliveries. @defaultValue `quorum` */
  readonly queueType?: Q;
  /** RabbitMQ: the queues have one consumer at a time, and with that order by key. @defaultValue false */
  readonly singleActiveConsumer?: S;
  /**
   * The topic or exchange of a channel (no group), or a queue. On ActiveMQ `topic://…` for a group is a durable
   * subscription of it.
   *
   * @defaultValue `VirtualTopic.orders`, `Consumer.billing.VirtualTopic.orders`,
   *   `DLQ.Consumer.billing.VirtualTopic.orders`; on RabbitMQ `orders`, `orders.billing`, `orders.billing_dlq`
   */
  readonly naming?: (address: Address) => string;
  /** Of a frame with its headers. @defaultValue 16,777,216; on RabbitMQ 4,194,304; 65,536 by WebSocket on ActiveMQ */
  readonly maxMessageBytes?: number;
  /** Messages of one sender without a receipt; more wait. @defaultValue 2,048 */
  readonly maxUnconfirmedMessages?: number;
  /** Their bytes. A larger message goes alone. @defaultValue 16,777,216 */
  readonly maxUnconfirmedBytes?: number;
  /** Silence of the broker that ends a connection. @defaultValue 20,000 */
  readonly idleTimeoutMs?: number;
  /** For each host, from the first packet to the login. @defaultValue 10,000 */
  readonly connectTimeoutMs?: number;
}

/** Options with their defaults. */
export interface Settings extends Required<
  Pick<
    StompTransportOptions,
    | 'broker'
    | 'maxMessageBytes'
    | 'maxUnconfirmedMessages'
    | 'maxUnconfirmedBytes'
    | 'idleTimeoutMs'
    | 'connectTimeoutMs'
  >
> {
  readonly hosts: readonly StompHost[];
  readonly vhost: string | undefined;
  readonly credentials: StompCredentials;
  readonly tls: StompTls | undefined;
  readonly webSocket: { readonly path: string } | undefined;
  readonly scheduler: boolean;
  readonly prioritizedMessages: boolean;
  readonly queueType: QueueType;
  readonly singleActiveConsumer: boolean;
  readonly naming: ((address: Address) => string) | undefined;
}

const brokers: readonly StompBroker[] = ['activemq', 'rabbitmq'];

const ranges = {
  maxMessageBytes: [1, 536_870_912],
  maxUnconfirmedMessages: [1, 65_536],
  maxUnconfirmedBytes: [1, Number.MAX_SAFE_INTEGER],
  idleTimeoutMs: [2_000, 3_600_000],
  connectTimeoutMs: [100, 900_000],
} as const;

/** Options that mean nothing to the other. */
const only: readonly (readonly [keyof StompTransportOptions, StompBroker])[] = [
  ['vhost', 'rabbitmq'],
  ['queueType', 'rabbitmq'],
  ['singleActiveConsumer', 'rabbitmq'],
  ['scheduler', 'activemq'],
  ['prioritizedMessages', 'activemq'],
];

/** @throws `invalid-argument` */
export function resolveOptions(options: StompTransportOptions): Settings {
  const { broker, tls = false, webSocket = false } = options;
  if (!brokers.includes(broker))
    throw invalid(`broker is '${broker}': it must be one of ${brokers.join(', ')}`);
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most))
      continue;
    throw invalid(`${name} is ${value}: it must be a whole number from ${least} to ${most}`);
  }
  for (const [name, known] of only)
    if (options[name] !== undefined && known !== broker)
      throw invalid(`${name} means nothing to '${broker}': leave it out`);
  if (options.hosts?.length === 0) throw invalid('hosts is empty: name one, or leave it out');
  if (options.credentials === 'external' && tls === false)
    throw invalid("credentials 'external' are a client certificate, which needs tls");
  return {
    broker,
    hosts: options.hosts ?? [{ host: 'localhost' }],
    vhost: options.vhost === '' ? '/' : options.vhost,
    credentials: options.credentials ?? { username: 'guest', password: 'guest' },
    tls: tls === false ? undefined : tls === true ? {} : tls,
    webSocket: webSocketOf(webSocket, broker),
    scheduler: options.scheduler ?? true,
    prioritizedMessages: options.prioritizedMessages ?? false,
    queueType: options.queueType ?? 'quorum',
    singleActiveConsumer: options.singleActiveConsumer ?? false,
    naming: options.naming,
    maxMessageBytes: options.maxMessageBytes ?? largestFrame(broker, webSocket !== false),
    maxUnconfirmedMessages: options.maxUnconfirmedMessages ?? 2_048,
    maxUnconfirmedBytes: options.maxUnconfirmedBytes ?? 16_777_216,
    idleTimeoutMs: options.idleTimeoutMs ?? 20_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
  };
}

function webSocketOf(given: boolean | StompWebSocket, broker: StompBroker): Settings['webSocket'] {
  if (given === false) return undefined;
  const path = given === true ? undefined : given.path;
  return { path: path ?? (broker === 'rabbitmq' ? '/ws' : '/') };
}

/** What the brokers take unless they are told otherwise; a larger frame ends the connection. */
function largestFrame(broker: StompBroker, isWebSocket: boolean): number {
  if (broker === 'rabbitmq') return 4_194_304;
  return isWebSocket ? 65_536 : 16_777_216;
}

function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `stomp: ${text}`, { transport: 'stomp' });
}
