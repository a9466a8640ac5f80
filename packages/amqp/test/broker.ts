import {
  type BrokerEnvironment,
  type OwnBroker,
  startBroker,
  startOwnBroker,
  tlsFilesOf,
  type TlsFiles,
} from '@intermodal/brokers';
import type { AmqpHost, AmqpTransportOptions } from '../src/index.ts';

export type BrokerName = 'rabbitmq' | 'rabbitmq4';

/** A RabbitMQ, as amqplib and as our options want it. */
export interface Rabbit {
  readonly url: string;
  readonly host: AmqpHost & { readonly port: number };
  readonly tlsHost: AmqpHost;
  readonly tls: TlsFiles;
  /** Options for a transport without detours. */
  readonly options: AmqpTransportOptions<undefined>;
  /** As `options`, for the user who may only use what is named `allowed…`. */
  readonly restricted: AmqpTransportOptions<undefined>;
}

/** One that may be treated badly. */
export interface OwnRabbit extends Rabbit {
  readonly broker: OwnBroker;
}

/** The one that all tests share: nothing may be done to it that another test would notice. */
export async function sharedRabbit(): Promise<Rabbit> {
  const { environment } = await startBroker('rabbitmq');
  return rabbitAt('rabbitmq', environment);
}

const started = new Map<BrokerName, Promise<OwnRabbit>>();

/** The same for all who ask in this process, with which it ends. */
export function ownRabbit(name: BrokerName): Promise<OwnRabbit> {
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

async function start(name: BrokerName): Promise<OwnRabbit> {
  const broker = await startOwnBroker(name);
  return { ...rabbitAt(name, broker.environment), broker };
}

function rabbitAt(name: BrokerName, environment: BrokerEnvironment): Rabbit {
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
    url: url.href,
    host,
    tlsHost: { host: tlsUrl.hostname, port: Number(tlsUrl.port) },
    tls: tlsFilesOf(name, environment),
    options: optionsFor(url),
    restricted: optionsFor(address('RESTRICTED_URL')),
  };
}
