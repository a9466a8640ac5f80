import type { Ports } from '../broker.ts';

/** Users of every broker here; `restricted` may use what is named `allowed…` and nothing else. */
export const users = {
  full: { name: 'guest', password: 'guest' },
  restricted: { name: 'restricted', password: 'restricted' },
  /** Known by its certificate alone. */
  certified: 'client',
} as const;

/** Listeners of the protocols that are on by choice, by the name of their port. */
const protocolListeners: Readonly<Record<string, (port: number) => readonly string[]>> = {
  mqtt: (port) => [`mqtt.listeners.tcp.1 = 127.0.0.1:${port}`],
  stomp: (port) => [`stomp.listeners.tcp.1 = 127.0.0.1:${port}`],
  mqttWs: (port) => ['web_mqtt.tcp.ip = 127.0.0.1', `web_mqtt.tcp.port = ${port}`],
  stompWs: (port) => ['web_stomp.tcp.ip = 127.0.0.1', `web_stomp.tcp.port = ${port}`],
};

/** `rabbitmq.conf` for a broker that keeps its files in `home`. */
export function rabbitmqConf(ports: Ports, home: string): string {
  const protocols = Object.entries(protocolListeners).flatMap(([name, listener]) => {
    const port = ports[name];
    return port === undefined ? [] : listener(port);
  });
  return lines([
    `listeners.tcp.1 = 127.0.0.1:${ports['amqp']}`,
    `listeners.ssl.1 = 127.0.0.1:${ports['amqps']}`,
    `ssl_options.cacertfile = ${home}/tls/ca.pem`,
    `ssl_options.certfile = ${home}/tls/server.pem`,
    `ssl_options.keyfile = ${home}/tls/server-key.pem`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = false',
    'ssl_cert_login_from = common_name',
    'auth_mechanisms.1 = PLAIN',
    'auth_mechanisms.2 = AMQPLAIN',
    'auth_mechanisms.3 = EXTERNAL',
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${ports['management']}`,
    `load_definitions = ${home}/definitions.json`,
    // How old the management API's answers may be.
    'collect_statistics_interval = 1000',
    'log.console.level = info',
    ...protocols,
  ]);
}

/** Users, virtual hosts (`/` and `other`) and permissions, imported before the broker listens. */
export function definitions(): string {
  const { full, restricted, certified } = users;
  const all = { configure: '.*', write: '.*', read: '.*' };
  const some = { configure: '^allowed.*', write: '^allowed.*', read: '^allowed.*' };
  return JSON.stringify({
    users: [
      { ...full, tags: ['administrator'] },
      { ...restricted, tags: [] },
      { name: certified, password_hash: '', tags: [] },
    ],
    vhosts: [{ name: '/' }, { name: 'other' }],
    permissions: [
      { user: full.name, vhost: '/', ...all },
      { user: full.name, vhost: 'other', ...all },
      { user: certified, vhost: '/', ...all },
      { user: restricted.name, vhost: '/', ...some },
    ],
  });
}

/** The file `enabled_plugins`, in Erlang's syntax. */
export function enabledPlugins(plugins: readonly string[]): string {
  return `[${plugins.join(',')}].\n`;
}

/** The environment in which its programs run, all files in `home` and every socket on loopback. */
export function rabbitmqEnvironment(ports: Ports, home: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    // Otherwise a proxy process in between would be what `kill` ends.
    RUNNING_UNDER_SYSTEMD: 'true',
    // The distribution listens on every interface unless told, the command-line tools' too.
    ERL_FLAGS: '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none',
    ERL_CRASH_DUMP: `${home}/erl_crash.dump`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(ports['epmd']),
    RABBITMQ_NODENAME: `node${ports['distribution']}@localhost`,
    RABBITMQ_DIST_PORT: String(ports['distribution']),
    RABBITMQ_CONFIG_FILE: `${home}/rabbitmq`,
    RABBITMQ_CONF_ENV_FILE: `${home}/rabbitmq-env.conf`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${home}/enabled_plugins`,
    RABBITMQ_LOGS: '-',
    RABBITMQ_LOG_BASE: `${home}/log`,
    RABBITMQ_MNESIA_BASE: `${home}/mnesia`,
    RABBITMQ_PID_FILE: `${home}/pid`,
  };
}

function lines(text: readonly string[]): string {
  return `${text.join('\n')}\n`;
}
