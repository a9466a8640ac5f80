import { type OwnBroker, startOwnBroker, tlsFilesOf, type TlsFiles } from '@intermodal/brokers';
import type { MqttBroker, MqttHost, MqttProtocol, MqttTransportOptions } from '../src/index.ts';

export type BrokerName = 'mosquitto' | 'activemq' | 'rabbitmq-protocols' | 'aedes';

/** What the transport calls them. */
const kinds: Readonly<Record<BrokerName, MqttBroker>> = {
  mosquitto: 'mosquitto',
  activemq: 'activemq',
  'rabbitmq-protocols': 'rabbitmq',
  aedes: 'aedes',
};

type Carrier = '' | 'TLS_' | 'WS_' | 'WSS_';

/** A broker that only this process uses, as MQTT.js and as our options want it. */
export interface Server {
  readonly name: BrokerName;
  readonly broker: OwnBroker;
  readonly url: URL;
  readonly host: MqttHost & { readonly port: number };
  readonly tls: TlsFiles;
  /** Of the port for that. */
  hostOf(carrier: Carrier): MqttHost;
  /** Options for a transport without detours. */
  options(protocol?: MqttProtocol): MqttTransportOptions;
  /** The user who may only use what is named `allowed…`. */
  readonly restricted: MqttTransportOptions['credentials'];
}

const started = new Map<BrokerName, Promise<Server>>();

/** The same for all who ask in this process, with which it ends. */
export function serverOf(name: BrokerName): Promise<Server> {
  const found = started.get(name) ?? start(name);
  started.set(name, found);
  return found;
}

/** Ends it before the process does, so that nobody else has to. */
export async function stopServer(name: BrokerName): Promise<void> {
  const found = started.get(name);
  started.delete(name);
  await (await found)?.broker.stop();
}

/** Node's URL keeps user and port only of schemes that it knows. */
function urlOf(text: string | undefined): URL {
  return new URL((text ?? '').replace(/^[a-z0-9+]+:/, 'http:'));
}

/** aedes takes anybody, and gives out no login. */
function login({ username, password }: URL): MqttTransportOptions['credentials'] {
  return username === '' ? undefined : { username, password };
}

async function start(name: BrokerName): Promise<Server> {
  const broker = await startOwnBroker(name);
  const { environment } = broker;
  const variables = name.toUpperCase().replaceAll('-', '_');
  const prefix = name === 'mosquitto' || name === 'aedes' ? '' : 'MQTT_';
  const address = (meaning: string): URL =>
    urlOf(environment[`INTERMODAL_${variables}_${meaning}`]);
  const url = address(`${prefix}URL`);
  const hostOf = (carrier: Carrier): MqttHost & { readonly port: number } => {
    const found = address(`${prefix}${carrier}URL`);
    return { host: found.hostname, port: Number(found.port) };
  };
  return {
    name,
    broker,
    url,
    host: hostOf(''),
    hostOf,
    tls: tlsFilesOf(name, environment),
    options: (protocol = name === 'mosquitto' ? '5' : '3.1.1') => ({
      broker: kinds[name],
      protocol,
      hosts: [hostOf('')],
      credentials: login(url),
      // Silence is found soon, so that no test waits long for it.
      keepAliveMs: 4_000,
    }),
    get restricted() {
      return login(address('RESTRICTED_URL'));
    },
  };
}
