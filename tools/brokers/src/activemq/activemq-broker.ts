import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  givenBy,
  variableOf,
  type Broker,
  type BrokerEnvironment,
  type Place,
  type Ports,
  type ProcessSpec,
} from '../broker.ts';
import {
  mavenArchiveFolder,
  prepareJava,
  prepareMavenArchive,
  type MavenArchive,
} from '../maven.ts';
import { answersBytes } from '../tcp-answers.ts';
import { isThere } from '../is-there.ts';
import { prepareTlsFiles, tlsEnvironment, tlsFolder } from '../tls-files.ts';
import {
  activemqXml,
  log4jProperties,
  portNames,
  storePassword,
  users,
  type Refused,
} from './configuration.ts';

const run = promisify(execFile);
const saslGreeting = Buffer.from('AMQP\x03\x01\x00\x00', 'latin1');

const archive: MavenArchive = {
  group: 'org.apache.activemq',
  artifact: 'apache-activemq',
  version: '5.18.3',
  classifier: 'bin',
  sha256: '943381aa6d340707de6c42eadbf7b41b7fdf93df604156d972d50c4da783544f',
  folder: 'apache-activemq-5.18.3',
};

// By reflection it reaches into what Java 17 keeps to itself.
const opened = ['lang', 'util', 'util.concurrent', 'util.concurrent.atomic', 'net', 'security'];

/** Variable, scheme and port of each way to reach it. */
const addresses = [
  ['AMQP1_URL', 'amqp1', 'amqp'],
  ['AMQP1_TLS_URL', 'amqp1+tls', 'amqpTls'],
  ['STOMP_URL', 'stomp', 'stomp'],
  ['STOMP_TLS_URL', 'stomp+ssl', 'stompTls'],
  ['STOMP_WS_URL', 'stomp+ws', 'ws'],
  ['STOMP_WSS_URL', 'stomp+wss', 'wss'],
  ['MQTT_URL', 'mqtt', 'mqtt'],
  ['MQTT_TLS_URL', 'mqtts', 'mqttTls'],
  ['MQTT_WS_URL', 'mqtt+ws', 'ws'],
  ['MQTT_WSS_URL', 'mqtt+wss', 'wss'],
  ['OPENWIRE_URL', 'tcp', 'openwire'],
  ['OPENWIRE_TLS_URL', 'ssl', 'openwireTls'],
] as const;

/** What tells one ActiveMQ here from another. */
export interface ActivemqVariant {
  readonly name: string;
  readonly offers: string;
  readonly onlyByName?: true;
  readonly refused: Refused;
  /** Brokers on one store: the first that locks it is active, the others stand by, as on Amazon MQ. */
  readonly members: readonly string[];
}

/** An ActiveMQ Classic with all its protocols, in an own folder on its own ports. */
export function activemqBroker(variant: ActivemqVariant): Broker {
  const { name, offers, onlyByName, refused, members } = variant;
  const variable = (meaning: string): string => variableOf(name, meaning);

  const environment = (ports: Ports): BrokerEnvironment => {
    const { full, restricted } = users;
    const hosts = (host: string, port: string): string =>
      members.map((member) => `${host}:${ports[portOf(member, port)]}`).join(',');
    const url = (scheme: string, user: typeof full | typeof restricted, port: string): string => {
      const host = /Tls$|^wss$/.test(port) ? 'localhost' : '127.0.0.1';
      return `${scheme}://${user.name}:${user.password}@${hosts(host, port)}`;
    };
    return {
      ...(Object.fromEntries(
        addresses.map(([meaning, scheme, port]) => [variable(meaning), url(scheme, full, port)]),
      ) as BrokerEnvironment),
      [variable('RESTRICTED_URL')]: url('amqp1', restricted, 'amqp'),
      ...tlsEnvironment(name),
    };
  };

  const processOf = async (place: Place, member: string): Promise<ProcessSpec> => {
    const ports = Object.fromEntries(
      portNames.map((port) => [port, place.ports[portOf(member, port)] ?? 0]),
    );
    const base = join(place.data, member);
    const store = join(place.data, 'store');
    const tls = join(place.data, 'tls');
    await mkdir(join(base, 'tmp'), { recursive: true });
    await writeFile(join(base, 'log4j2.properties'), log4jProperties);
    const xml = activemqXml({ ports, store, tls, refused });
    await writeFile(join(base, 'activemq.xml'), xml);
    const args = javaArguments(base, ['start', `xbean:file:${join(base, 'activemq.xml')}`]);
    return { member, command: 'java', args };
  };

  return {
    name,
    offers,
    ...(onlyByName && { onlyByName }),
    ports: members.flatMap((member) => portNames.map((port) => portOf(member, port))),
    environment,
    given: givenBy(variable('AMQP1_URL'), ...Object.keys(environment({}))),
    answers: async (found) => answersBytes(found[variable('AMQP1_URL')], saslGreeting),
    local: {
      async prepare(progress) {
        await prepareTlsFiles(progress);
        await prepareJava(name, progress);
        await prepareMavenArchive(archive, name, progress);
      },
      async processes(place) {
        await writeKeyStores(join(place.data, 'tls'));
        const specs: ProcessSpec[] = [];
        for (const member of members) specs.push(await processOf(place, member));
        return specs;
      },
      // `browse` and `producer` of the distribution, which are programs of JMS.
      command: ({ data }, name, args) => ({
        command: 'java',
        args: javaArguments(join(data, members[0] ?? ''), [name, ...args]),
      }),
    },
  };
}

function portOf(member: string, port: string): string {
  return `${port}-${member}`;
}

function javaArguments(base: string, args: readonly string[]): readonly string[] {
  const home = mavenArchiveFolder(archive);
  const properties = {
    'activemq.home': home,
    'activemq.base': base,
    'activemq.conf': base,
    'activemq.data': base,
    'java.io.tmpdir': join(base, 'tmp'),
    'log4j2.configurationFile': `file:${join(base, 'log4j2.properties')}`,
  };
  return [
    '-Xms64m',
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...opened.flatMap((name) => ['--add-opens', `java.base/java.${name}=ALL-UNNAMED`]),
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    '-jar',
    join(home, 'bin', 'activemq.jar'),
    ...args,
  ];
}

/** Java's own form of the certificates; the last file of the two tells that they are there. */
async function writeKeyStores(folder: string): Promise<void> {
  const trust = join(folder, 'trust.p12');
  if (await isThere(trust)) return;
  await mkdir(folder, { recursive: true });
  const pem = (file: string): string => join(tlsFolder(), file);
  const key = ['-in', pem('server.pem'), '-inkey', pem('server-key.pem'), '-name', 'server'];
  const stored = ['-out', join(folder, 'server.p12'), '-passout', `pass:${storePassword}`];
  await run('openssl', ['pkcs12', '-export', ...key, ...stored]);
  const store = ['-keystore', trust, '-storetype', 'PKCS12', '-storepass', storePassword];
  const authority = ['-alias', 'authority', '-file', pem('ca.pem')];
  await run('keytool', ['-importcert', '-noprompt', ...store, ...authority]);
}
