import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  givenBy,
  variableOf,
  type Broker,
  type BrokerEnvironment,
  type Place,
  type Ports,
  type ProcessSpec,
  type Progress,
} from '../broker.ts';
import { answersBytes } from '../tcp-answers.ts';
import { prepareTlsFiles, tlsEnvironment, tlsFolder } from '../tls-files.ts';
import {
  definitions,
  enabledPlugins,
  rabbitmqConf,
  rabbitmqEnvironment,
  users,
} from './configuration.ts';

const basePorts = ['amqp', 'amqps', 'management', 'epmd', 'distribution'];
const basePlugins = ['rabbitmq_management', 'rabbitmq_auth_mechanism_ssl'];
const amqpGreeting = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

/** Where RabbitMQ's programs come from. */
export interface Programs {
  prepare(progress: Progress): Promise<void>;
  /** The data folder as the programs see it. */
  home(place: Place): string;
  /** How to run the program of that name. */
  spec(
    place: Place,
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): ProcessSpec;
}

/** What tells one RabbitMQ here from another. */
export interface RabbitmqVariant {
  readonly name: string;
  readonly offers: string;
  readonly onlyByName?: true;
  readonly programs: Programs;
  readonly plugins: readonly string[];
  /** Ports of the protocols besides AMQP, with the scheme of their addresses. */
  readonly protocols?: Readonly<Record<string, string>>;
}

/** A RabbitMQ with management, TLS and users, starting in an own folder on its own ports. */
export function rabbitmqBroker(variant: RabbitmqVariant): Broker {
  const { name, offers, onlyByName, programs, plugins, protocols = {} } = variant;
  const variable = (meaning: string): string => variableOf(name, meaning);

  const environment = (ports: Ports): BrokerEnvironment => {
    const { full, restricted } = users;
    const login = `${full.name}:${full.password}`;
    const at = (port: string): string => `127.0.0.1:${ports[port]}`;
    const others = Object.entries(protocols).map(([port, scheme]) => [
      variable(`${scheme.toUpperCase().replaceAll('+', '_')}_URL`),
      // RabbitMQ takes WebSocket connections on this path alone.
      `${scheme}://${login}@${at(port)}${scheme.endsWith('+ws') ? '/ws' : ''}`,
    ]);
    return {
      [variable('URL')]: `amqp://${login}@${at('amqp')}`,
      [variable('AMQP1_URL')]: `amqp1://${login}@${at('amqp')}`,
      [variable('RESTRICTED_URL')]:
        `amqp://${restricted.name}:${restricted.password}@${at('amqp')}`,
      [variable('TLS_URL')]: `amqps://${login}@localhost:${ports['amqps']}`,
      [variable('MANAGEMENT_URL')]: `http://${login}@${at('management')}`,
      ...tlsEnvironment(name),
      ...(Object.fromEntries(others) as BrokerEnvironment),
    };
  };

  const specOf = (place: Place, program: string, args: readonly string[]): ProcessSpec =>
    programs.spec(place, program, args, rabbitmqEnvironment(place.ports, programs.home(place)));

  return {
    name,
    offers,
    ...(onlyByName && { onlyByName }),
    ports: [...basePorts, ...Object.keys(protocols)],
    environment,
    given: givenBy(variable('URL'), ...Object.keys(environment({})).slice(1)),
    answers: async (found) => answersBytes(found[variable('URL')], amqpGreeting),
    local: {
      async prepare(progress) {
        await prepareTlsFiles(progress);
        await programs.prepare(progress);
      },
      async processes(place) {
        await writeFiles(place, programs.home(place), [...basePlugins, ...plugins]);
        return [
          { ...specOf(place, 'epmd', []), ...listeningOn(place.ports['epmd']) },
          specOf(place, 'rabbitmq-server', []),
        ];
      },
      command: specOf,
      readyWithinMs: 120_000,
    },
  };
}

function listeningOn(port: number | undefined): Pick<ProcessSpec, 'listensOn'> {
  return port === undefined ? {} : { listensOn: port };
}

async function writeFiles(
  { data, ports }: Place,
  home: string,
  plugins: readonly string[],
): Promise<void> {
  await cp(tlsFolder(), join(data, 'tls'), { recursive: true });
  await mkdir(join(data, 'log'), { recursive: true });
  await writeFile(join(data, 'rabbitmq.conf'), rabbitmqConf(ports, home));
  await writeFile(join(data, 'rabbitmq-env.conf'), '');
  await writeFile(join(data, 'definitions.json'), definitions());
  await writeFile(join(data, 'enabled_plugins'), enabledPlugins(plugins));
}
