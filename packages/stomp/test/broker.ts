import { type OwnBroker, startOwnBroker, tlsFilesOf, type TlsFiles } from '@intermodal/brokers';
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

export function hostOf(url: URL): StompHost & { readonly port: number } {
  return { host: url.hostname, port: Number(url.port) };
}

async function start(name: BrokerName): Promise<Server> {
  const broker = await startOwnBroker(name);
  const { environment } = broker;
  const prefix = `INTERMODAL_${name.toUpperCase().replaceAll('-', '_')}`;
  const address = (meaning: string): URL => urlOf(environment[`${prefix}_${meaning}`]);
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
