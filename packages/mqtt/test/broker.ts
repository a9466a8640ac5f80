import {
  addressOf,
  hostOf,
  type OwnBroker,
  ownServers,
  tlsFilesOf,
  type TlsFiles,
} from '@intermodal/brokers';
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

const servers = ownServers(serverAt);
export const serverOf: (name: BrokerName) => Promise<Server> = servers.of;
export const stopServer: (name: BrokerName) => Promise<void> = servers.stop;

/** aedes takes anybody, and gives out no login. */
function login({ username, password }: URL): MqttTransportOptions['credentials'] {
  return username === '' ? undefined : { username, password };
}

function serverAt(name: BrokerName, broker: OwnBroker): Server {
  const { environment } = broker;
  const prefix = name === 'mosquitto' || name === 'aedes' ? '' : 'MQTT_';
  const address = (meaning: string): URL => addressOf(name, environment, meaning);
  const url = address(`${prefix}URL`);
  return {
    name,
    broker,
    url,
    host: hostOf(url),
    hostOf: (carrier) => hostOf(address(`${prefix}${carrier}URL`)),
    tls: tlsFilesOf(name, environment),
    options: (protocol = name === 'mosquitto' ? '5' : '3.1.1') => ({
      broker: kinds[name],
      protocol,
      hosts: [hostOf(url)],
      credentials: login(url),
      // Silence is found soon, so that no test waits long for it.
      keepAliveMs: 4_000,
    }),
    get restricted() {
      return login(address('RESTRICTED_URL'));
    },
  };
}
