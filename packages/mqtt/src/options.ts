import type { ConnectionOptions } from 'node:tls';
import { type Address, IntermodalError } from '@intermodal/core/driver';
import { engines, type MqttBroker, mqttBrokers, type MqttProtocol } from './engine.ts';

export interface MqttHost {
  readonly host: string;
  /** @defaultValue 1883, with `tls` 8883; WebSocket 80, with `tls` 443 */
  readonly port?: number | undefined;
}

export interface MqttLogin {
  readonly username: string;
  /** Or the token, where the broker takes one as the password. */
  readonly password?: string | undefined;
}

/** A function is asked at each open. */
export type MqttCredentials = MqttLogin | ((signal: AbortSignal) => MqttLogin | Promise<MqttLogin>);

/** Of Node's TLS options those that concern a client. Certificates are always checked. */
export type MqttTls = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'minVersion' | 'checkServerIdentity'
>;

export interface MqttWebSocket {
  /** @defaultValue that of the broker: `/` of Mosquitto and ActiveMQ, `/ws` of RabbitMQ, `/mqtt` of the others */
  readonly path?: string | undefined;
  /** Of the request that opens it. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface MqttTransportOptions<
  B extends MqttBroker = MqttBroker,
  P extends MqttProtocol = MqttProtocol,
  M extends string | undefined = string | undefined,
  E extends 'cloudevents' | 'none' | undefined = 'cloudevents' | 'none' | undefined,
> {
  /** What a transport can do depends on it; what of it can be seen is checked at each open. */
  readonly broker: B;
  /** ActiveMQ, aedes and RabbitMQ before 3.13 know only `3.1.1`. */
  readonly protocol: P;
  /**
   * Active and standbys, or nodes of one cluster: each open tries them in turn, beginning behind the one that failed.
   *
   * @defaultValue localhost
   */
  readonly hosts?: readonly MqttHost[];
  /** @defaultValue none: as the broker takes it, or a client certificate in `tls` */
  readonly credentials?: MqttCredentials | undefined;
  /** `true`, or what is needed besides the certificates that Node trusts. @defaultValue false */
  readonly tls?: boolean | MqttTls | undefined;
  /** @defaultValue false: TCP */
  readonly webSocket?: boolean | MqttWebSocket | undefined;
  /**
   * Lets several members share a group (`$share`): the name of this one, which no other has and which it keeps from one
   * start to the next, since the broker holds its part for that name. Not on ActiveMQ, RabbitMQ and aedes.
   *
   * @defaultValue none: a group has one member, and order by key
   */
  readonly member?: M;
  /** Of 3.1.1, which has no headers; `none` sends and takes bodies as they are. @defaultValue `cloudevents` */
  readonly envelope?: E;
  /** How long a broker keeps the session of a group that nobody consumes; 5 only. @defaultValue for ever */
  readonly sessionExpiryMs?: number;
  /** Publishes every message as the retained one of its topic. @defaultValue false */
  readonly retain?: boolean;
  /** Whether a group takes the retained messages that are there when it subscribes. @defaultValue false */
  readonly takeRetained?: boolean;
  /**
   * The topic of a channel (no group), of what is for one group alone, or of its dead letters. A filter with `+` or `#`
   * can be consumed, not published to.
   *
   * @defaultValue `orders`, `orders/billing`, `orders/billing_dlq`; on ActiveMQ `VirtualTopic/orders` for the first
   */
  readonly naming?: (address: Address) => string;
  /** Client ids begin with it. Those of groups stand for their sessions: another one is another group. @defaultValue `intermodal` */
  readonly clientIdPrefix?: string;
  /** Of topic, properties and payload; a lower limit of the broker wins where it tells it. @defaultValue 1,048,576 */
  readonly maxMessageBytes?: number;
  /** Messages without a PUBACK; more wait. A lower limit of the broker wins where it tells it. @defaultValue 1,024 */
  readonly maxUnconfirmedMessages?: number;
  /** Their bytes. A larger message goes alone. @defaultValue 16,777,216 */
  readonly maxUnconfirmedBytes?: number;
  /** Bytes of messages that came and nobody has taken; with more nothing is read until some are. @defaultValue 16,777,216 */
  readonly maxBufferedBytes?: number;
  /** Silence of the broker after which it is asked; half of it later the connection is given up. @defaultValue 20,000 */
  readonly keepAliveMs?: number;
  /** For each host, from the first packet to the answer to the login. @defaultValue 10,000 */
  readonly connectTimeoutMs?: number;
}

/** Options with their defaults. */
export interface Settings extends Required<
  Pick<
    MqttTransportOptions,
    | 'broker'
    | 'protocol'
    | 'retain'
    | 'takeRetained'
    | 'clientIdPrefix'
    | 'maxMessageBytes'
    | 'maxUnconfirmedMessages'
    | 'maxUnconfirmedBytes'
    | 'maxBufferedBytes'
    | 'keepAliveMs'
    | 'connectTimeoutMs'
  >
> {
  readonly hosts: readonly MqttHost[];
  readonly credentials: MqttCredentials | undefined;
  readonly tls: MqttTls | undefined;
  readonly webSocket: MqttWebSocket | undefined;
  readonly member: string | undefined;
  readonly envelope: 'cloudevents' | 'none';
  readonly sessionExpirySeconds: number;
  readonly naming: ((address: Address) => string) | undefined;
}

const ranges = {
  maxMessageBytes: [1, 268_435_455],
  maxUnconfirmedMessages: [1, 16_384],
  maxUnconfirmedBytes: [1, Number.MAX_SAFE_INTEGER],
  maxBufferedBytes: [1, Number.MAX_SAFE_INTEGER],
  sessionExpiryMs: [1_000, 4_294_967_294_000],
  keepAliveMs: [1_000, 65_535_000],
  connectTimeoutMs: [100, 900_000],
} as const;

const forEver = 0xffff_ffff;

/** @throws `invalid-argument` */
export function resolveOptions(options: MqttTransportOptions): Settings {
  check(options);
  const { tls = false, webSocket = false, sessionExpiryMs } = options;
  return {
    broker: options.broker,
    protocol: options.protocol,
    hosts: options.hosts ?? [{ host: 'localhost' }],
    credentials: options.credentials,
    tls: tls === false ? undefined : tls === true ? {} : tls,
    webSocket: webSocket === false ? undefined : webSocket === true ? {} : webSocket,
    member: options.member,
    envelope: options.envelope ?? 'cloudevents',
    sessionExpirySeconds:
      sessionExpiryMs === undefined ? forEver : Math.ceil(sessionExpiryMs / 1_000),
    retain: options.retain ?? false,
    takeRetained: options.takeRetained ?? false,
    naming: options.naming,
    clientIdPrefix: options.clientIdPrefix ?? 'intermodal',
    maxMessageBytes: options.maxMessageBytes ?? 1_048_576,
    maxUnconfirmedMessages: options.maxUnconfirmedMessages ?? 1_024,
    maxUnconfirmedBytes: options.maxUnconfirmedBytes ?? 16_777_216,
    maxBufferedBytes: options.maxBufferedBytes ?? 16_777_216,
    keepAliveMs: options.keepAliveMs ?? 20_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
  };
}

function check(options: MqttTransportOptions): void {
  const { broker, protocol, member, envelope } = options;
  if (!mqttBrokers.includes(broker))
    throw invalid(`broker is '${broker}': it must be one of ${mqttBrokers.join(', ')}`);
  const { protocols, shares } = engines[broker];
  if (!protocols.includes(protocol))
    throw invalid(`protocol is '${protocol}': '${broker}' knows ${protocols.join(' and ')}`);
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most))
      continue;
    throw invalid(`${name} is ${value}: it must be a whole number from ${least} to ${most}`);
  }
  if (options.hosts?.length === 0) throw invalid('hosts is empty: name one, or leave it out');
  if (member !== undefined && !/^[a-zA-Z0-9-]{1,60}$/.test(member))
    throw invalid(`member is '${member}': it has up to 60 letters, digits and hyphens`);
  if (member !== undefined && !shares)
    throw invalid(
      `member is for shared subscriptions, and '${broker}' grants them without delivering anything: leave it out`,
    );
  if (protocol === '5' && envelope !== undefined)
    throw invalid("envelope is for protocol '3.1.1': MQTT 5 has headers");
  if (protocol === '3.1.1' && options.sessionExpiryMs !== undefined)
    throw invalid("sessionExpiryMs is for protocol '5': sessions of 3.1.1 stay");
  if (
    options.clientIdPrefix !== undefined &&
    !/^[a-zA-Z0-9_.-]{1,60}$/.test(options.clientIdPrefix)
  )
    throw invalid('clientIdPrefix has up to 60 letters, digits and characters of ".-_"');
}

function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `mqtt: ${text}`, { transport: 'mqtt' });
}
