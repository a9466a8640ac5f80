import {
  type BrokerEnvironment,
  hostOf,
  type OwnBroker,
  ownServers,
  startBroker,
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

const servers = ownServers<BrokerName, OwnRabbit>((name, broker) => ({
  ...rabbitAt(name, broker.environment),
  broker,
}));
export const ownRabbit: (name: BrokerName) => Promise<OwnRabbit> = servers.of;
export const stopRabbit: (name: BrokerName) => Promise<void> = servers.stop;

function rabbitAt(name: BrokerName, environment: BrokerEnvironment): Rabbit {
  const address = (meaning: string): URL =>
    new URL(environment[`INTERMODAL_${name.toUpperCase()}_${meaning}`] ?? '');
  const url = address('URL');
  const host = hostOf(url);
  const optionsFor = ({ username, password }: URL): AmqpTransportOptions<undefined> => ({
    hosts: [host],
    credentials: { username, password },
    heartbeatSeconds: 1,
  });
  return {
    url: url.href,
    host,
    tlsHost: hostOf(address('TLS_URL')),
    tls: tlsFilesOf(name, environment),
    options: optionsFor(url),
    restricted: optionsFor(address('RESTRICTED_URL')),
  };
}
