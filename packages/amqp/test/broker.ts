import { type OwnBroker, startOwnBroker, tlsFilesOf, type TlsFiles } from '@intermodal/brokers';
import type { AmqpHost, AmqpTransportOptions } from '../src/index.ts';

export type BrokerName = 'rabbitmq' | 'rabbitmq4';

/** A RabbitMQ that only this process uses, as amqplib and as our options want it. */
export interface Rabbit {
  readonly name: BrokerName;
  readonly broker: OwnBroker;
  readonly url: string;
  readonly host: AmqpHost & { readonly port: number };
  readonly tlsHost: AmqpHost;
  readonly tls: TlsFiles;
  /** Options for a transport without detours. */
  readonly options: AmqpTransportOptions<undefined>;
  /** As `options`, for the user who may only use what is named `allowed…`. */
  readonly restricted: AmqpTransportOptions<undefined>;
}

const started = new Map<BrokerName, Promise<Rabbit>>();

/** The same for all who ask in this process, with which it ends. */
export function rabbit(name: BrokerName): Promise<Rabbit> {
  const found = started.get(name) ?? start(name);
  started.set(name, found);
  return found;
}

/** Ends it before the process does, so that nobody else has to. */
export async function stopRabbit(name: BrokerName): Promise<void> {
  const found = started.get(name);
  started.delete(name);
  await (await found)?.broker.stop();
}

async function start(name: BrokerName): Promise<Rabbit> {
  const broker = await startOwnBroker(name);
  const { environment } = broker;
  const address = (meaning: string): URL =>
    new URL(environment[`INTERMODAL_${name.toUpperCase()}_${meaning}`] ?? '');
  const url = address('URL');
  const tlsUrl = address('TLS_URL');
  const host = { host: url.hostname, port: Number(url.port) };
  const optionsFor = ({ username, password }: URL): AmqpTransportOptions<undefined> => ({
    hosts: [host],
    credentials: { username, password },
    heartbeatSeconds: 1,
  });
  return {
    name,
    broker,
    url: url.href,
    host,
    tlsHost: { host: tlsUrl.hostname, port: Number(tlsUrl.port) },
    tls: tlsFilesOf(name, environment),
    options: optionsFor(url),
    restricted: optionsFor(address('RESTRICTED_URL')),
  };
}
