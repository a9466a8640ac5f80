import { type OwnBroker, startOwnBroker, tlsFilesOf, type TlsFiles } from '@intermodal/brokers';
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

async function start(name: BrokerName): Promise<Server> {
  const broker = await startOwnBroker(name);
  const { environment } = broker;
  const address = (meaning: string): URL =>
    urlOf(environment[`INTERMODAL_${name.toUpperCase()}_${meaning}`]);
  const url = address('AMQP1_URL');
  const tlsUrl = address(name === 'activemq' ? 'AMQP1_TLS_URL' : 'TLS_URL');
  const host = { host: url.hostname, port: Number(url.port) };
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
    tlsHost: { host: tlsUrl.hostname, port: Number(tlsUrl.port) },
    tls: tlsFilesOf(name, environment),
    options: optionsFor(url),
    restricted: optionsFor(address('RESTRICTED_URL')),
  };
}
