import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { givenBy, variableOf, type Broker, type Place, type Ports } from '../broker.ts';
import { installDebianPackages } from '../debian.ts';
import { isThere } from '../is-there.ts';
import { answersMqtt } from '../mqtt-answers.ts';
import { prepareTlsFiles, tlsEnvironment, tlsFolder } from '../tls-files.ts';

const name = 'mosquitto';
const program = '/usr/sbin/mosquitto';
const clients = '/usr/bin/mosquitto_pub';
const full = { name: 'mosquitto', password: 'mosquitto' };
const restricted = { name: 'restricted', password: 'restricted' };
const variable = (meaning: string): string => variableOf(name, meaning);

/** Debian's Mosquitto and its clients: MQTT 3.1.1 and 5, shared subscriptions; what it holds is on disk soon. */
export const broker: Broker = {
  name,
  offers: 'Mosquitto 2.0: MQTT 3.1.1 and 5 over TCP, TLS and WebSocket (Debian)',
  ports: ['mqtt', 'mqtts', 'ws', 'wss'],
  environment: (ports) => ({
    [variable('URL')]: `mqtt://${loginOf(full)}@127.0.0.1:${ports['mqtt']}`,
    [variable('RESTRICTED_URL')]: `mqtt://${loginOf(restricted)}@127.0.0.1:${ports['mqtt']}`,
    [variable('TLS_URL')]: `mqtts://${loginOf(full)}@localhost:${ports['mqtts']}`,
    [variable('WS_URL')]: `mqtt+ws://${loginOf(full)}@127.0.0.1:${ports['ws']}`,
    [variable('WSS_URL')]: `mqtt+wss://${loginOf(full)}@localhost:${ports['wss']}`,
    ...tlsEnvironment(name),
  }),
  given: givenBy(
    ...(['URL', 'RESTRICTED_URL', 'TLS_URL', 'WS_URL', 'WSS_URL'].map(variable) as [string]),
    ...Object.keys(tlsEnvironment(name)),
  ),
  answers: async (found) => answersMqtt(found[variable('URL')]),
  local: {
    async prepare(progress) {
      await prepareTlsFiles(progress);
      if ((await isThere(program)) && (await isThere(clients))) return;
      await installDebianPackages(['mosquitto', 'mosquitto-clients'], name, progress);
    },
    async processes(place) {
      await writeFiles(place);
      return [{ command: program, args: ['-c', join(place.data, 'mosquitto.conf')] }];
    },
  },
};

function loginOf(user: typeof full): string {
  return `${user.name}:${user.password}`;
}

async function writeFiles({ data, ports }: Place): Promise<void> {
  await cp(tlsFolder(), join(data, 'tls'), { recursive: true });
  const passwords = [full, restricted].map((user) => `${user.name}:${hashed(user.password)}\n`);
  await writeFile(join(data, 'passwords'), passwords.join(''), { mode: 0o600 });
  const rights = [
    'user mosquitto',
    'topic readwrite #',
    'user restricted',
    'topic readwrite allowed/#',
  ];
  await writeFile(join(data, 'acl'), `${rights.join('\n')}\n`, { mode: 0o600 });
  await writeFile(join(data, 'mosquitto.conf'), configuration(data, ports));
}

function configuration(data: string, ports: Ports): string {
  const tls = [
    `cafile ${data}/tls/ca.pem`,
    `certfile ${data}/tls/server.pem`,
    `keyfile ${data}/tls/server-key.pem`,
  ];
  // With IPv6 a WebSocket listener would take no notice of the address.
  const webSocket = ['protocol websockets', 'socket_domain ipv4'];
  const lines = [
    // Started by root it would become another user, who may not write here.
    'user root',
    'persistence true',
    `persistence_location ${data}/`,
    // Else it saves twice an hour; so, after each turn that changed something.
    'autosave_on_changes true',
    'autosave_interval 1',
    `password_file ${data}/passwords`,
    `acl_file ${data}/acl`,
    'allow_anonymous false',
    'log_dest stdout',
    `listener ${ports['mqtt']} 127.0.0.1`,
    `listener ${ports['mqtts']} 127.0.0.1`,
    ...tls,
    `listener ${ports['ws']} 127.0.0.1`,
    ...webSocket,
    `listener ${ports['wss']} 127.0.0.1`,
    ...webSocket,
    ...tls,
  ];
  return `${lines.join('\n')}\n`;
}

/** The form of `mosquitto_passwd`: PBKDF2 with SHA-512. */
function hashed(password: string): string {
  const salt = randomBytes(12);
  const rounds = 101;
  const hash = pbkdf2Sync(password, salt, rounds, 64, 'sha512');
  return `$7$${rounds}$${salt.toString('base64')}$${hash.toString('base64')}`;
}
