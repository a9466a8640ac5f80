import {
  addressOf,
  hostOf,
  type OwnBroker,
  ownServers,
  tlsFilesOf,
  type TlsFiles,
} from '@intermodal/brokers';
import type { StompBroker, StompHost, StompTransportOptions } from '../src/index.ts';

export type BrokerName = 'activemq' | 'activemq-redelivery' | 'rabbitmq-protocols';

/** What the transport calls them. */
const kinds: Readonly<Record<BrokerName, StompBroker>> = {
  activemq: 'activemq',
  'activemq-redelivery': 'activemq',
  'rabbitmq-protocols': 'rabbitmq',
};

/** A broker that only this process uses, as stompjs and as our options want it. */
export interface Server {
  readonly name: BrokerName;
  readonly broker: OwnBroker;
  readonly url: URL;
  readonly host: StompHost & { readonly port: number };
  readonly tls: TlsFiles;
  /** Options for a transport without detours. */
  readonly options: StompTransportOptions;
  /** An address of the environment by its meaning: `STOMP_TLS_URL`, `MANAGEMENT_URL`. */
  address(meaning: string): URL;
}

const servers = ownServers(serverAt);
export const serverOf: (name: BrokerName) => Promise<Server> = servers.of;
export const stopServer: (name: BrokerName) => Promise<void> = servers.stop;

function serverAt(name: BrokerName, broker: OwnBroker): Server {
  const { environment } = broker;
  const address = (meaning: string): URL => addressOf(name, environment, meaning);
  const url = address('STOMP_URL');
  return {
    name,
    broker,
    url,
    host: hostOf(url),
    tls: tlsFilesOf(name, environment),
    options: {
      broker: kinds[name],
      hosts: [hostOf(url)],
      credentials: { username: url.username, password: url.password },
      // Silence is found soon, so that no test waits long for it.
      idleTimeoutMs: 4_000,
    },
    address,
  };
}
