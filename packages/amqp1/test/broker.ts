import {
  addressOf,
  hostOf,
  type OwnBroker,
  ownServers,
  tlsFilesOf,
  type TlsFiles,
} from '@intermodal/brokers';
import type { Amqp1Broker, Amqp1Host, Amqp1TransportOptions } from '../src/index.ts';

export type BrokerName = 'rabbitmq' | 'rabbitmq4' | 'activemq';

/** What the transport calls them. */
const kinds: Readonly<Record<BrokerName, Amqp1Broker>> = {
  rabbitmq: 'rabbitmq3',
  rabbitmq4: 'rabbitmq',
  activemq: 'activemq',
};

/** A broker that only this process uses, as rhea and as our options want it. */
export interface Server {
  readonly name: BrokerName;
  readonly broker: OwnBroker;
  readonly url: URL;
  readonly host: Amqp1Host & { readonly port: number };
  readonly tlsHost: Amqp1Host;
  readonly tls: TlsFiles;
  /** Options for a transport without detours. */
  readonly options: Amqp1TransportOptions;
  /** As `options`, for the user who may only use what is named `allowed…`. */
  readonly restricted: Amqp1TransportOptions;
}

const servers = ownServers(serverAt);
export const serverOf: (name: BrokerName) => Promise<Server> = servers.of;
export const stopServer: (name: BrokerName) => Promise<void> = servers.stop;

function serverAt(name: BrokerName, broker: OwnBroker): Server {
  const { environment } = broker;
  const address = (meaning: string): URL => addressOf(name, environment, meaning);
  const url = address('AMQP1_URL');
  const host = hostOf(url);
  const optionsFor = ({ username, password }: URL): Amqp1TransportOptions => ({
    broker: kinds[name],
    hosts: [host],
    credentials: { username, password },
    // Silence is found soon, so that no test waits long for it.
    idleTimeoutMs: 2_000,
  });
  return {
    name,
    broker,
    url,
    host,
    tlsHost: hostOf(address(name === 'activemq' ? 'AMQP1_TLS_URL' : 'TLS_URL')),
    tls: tlsFilesOf(name, environment),
    options: optionsFor(url),
    restricted: optionsFor(address('RESTRICTED_URL')),
  };
}
