import { isIP, type Socket } from 'node:net';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { engines } from './engine.ts';
import type { MqttHost, MqttLogin, Settings } from './options.ts';

/** Of one connection. */
export interface Identity {
  readonly clientId: string;
  /** Begins without what the broker has under this client id; false where its session must be resumed. */
  readonly clean: boolean;
  /** Whether the session outlives the connection. */
  readonly keeps: boolean;
  /** Deliveries without an ack that the broker may send; 5 only. */
  readonly receiveMaximum?: number | undefined;
}

const nothing = (): void => undefined;

/** A client of MQTT.js for one connection: it neither comes back nor subscribes again by itself. */
export function createNativeClient(
  settings: Settings,
  { host, port }: MqttHost,
  login: MqttLogin | undefined,
  identity: Identity,
): MqttClient {
  const { tls, webSocket, protocol } = settings;
  const isSecure = tls !== undefined;
  // MQTT.js makes the address of a WebSocket of it, where IPv6 has brackets.
  const hostname = webSocket !== undefined && isIP(host) === 6 ? `[${host}]` : host;
  const options: IClientOptions = {
    ...(tls as IClientOptions | undefined),
    ...where(isSecure, webSocket !== undefined),
    hostname,
    host: hostname,
    ...(port === undefined ? {} : { port }),
    ...(webSocket === undefined ? {} : webSocketOptions(settings)),
    ...(login === undefined ? {} : { username: login.username }),
    ...(login?.password === undefined ? {} : { password: login.password }),
    clientId: identity.clientId,
    clean: identity.clean,
    protocolVersion: protocol === '5' ? 5 : 4,
    ...(protocol === '5' ? { properties: sessionProperties(settings, identity) } : {}),
    keepalive: Math.max(1, Math.ceil(settings.keepAliveMs / 1_000)),
    // Our own ends it first, and knows the reason.
    connectTimeout: settings.connectTimeoutMs + 1_000,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    log: nothing,
    ...(isSecure ? { rejectUnauthorized: true } : {}),
  };
  const client = connect(options);
  hasten(client);
  return client;
}

function where(isSecure: boolean, isWebSocket: boolean): Pick<IClientOptions, 'protocol' | 'port'> {
  if (isWebSocket) return isSecure ? { protocol: 'wss', port: 443 } : { protocol: 'ws', port: 80 };
  return isSecure ? { protocol: 'mqtts', port: 8_883 } : { protocol: 'mqtt', port: 1_883 };
}

function webSocketOptions({ webSocket, tls, broker }: Settings): Partial<IClientOptions> {
  const path = webSocket?.path ?? engines[broker].path;
  return {
    path: path.startsWith('/') ? path : `/${path}`,
    wsOptions: { ...tls, headers: { ...webSocket?.headers } },
  };
}

function sessionProperties(
  { sessionExpirySeconds }: Settings,
  { keeps, receiveMaximum }: Identity,
): NonNullable<IClientOptions['properties']> {
  return {
    sessionExpiryInterval: keeps ? sessionExpirySeconds : 0,
    ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
  };
}

/** A small packet must not wait for the answer to the one before. */
function hasten({ stream }: MqttClient): void {
  const socket = stream as Partial<Socket>;
  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true);
}
