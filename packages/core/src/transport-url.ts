import { IntermodalError } from './error.ts';

export interface TransportHost {
  /** Without the brackets of an IPv6 address; `localhost` where only a port was given. */
  readonly host: string;
  readonly port: number | undefined;
}

export interface TransportCredentials {
  readonly username: string;
  readonly password: string | undefined;
}

/** The parts of a transport URL, percent-decoded. */
export interface TransportUrl {
  /** Which transport it means: `mqtt` for `mqtt`, `mqtts`, `mqtt+ws` and `mqtt+wss`. */
  readonly transport: string;
  readonly tls: boolean;
  readonly webSocket: boolean;
  /** In the order given; empty where the URL names none. */
  readonly hosts: readonly TransportHost[];
  readonly credentials: TransportCredentials | undefined;
  /** What follows the first slash, without it; undefined where there is no slash. */
  readonly path: string | undefined;
  /** A parameter without `=` has the value undefined. */
  readonly parameters: ReadonlyMap<string, string | undefined>;
}

type Carrier = Pick<TransportUrl, 'transport' | 'tls' | 'webSocket'>;

const shape = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*)(?:\/([^?#]*))?)?(?:\?([^#]*))?$/i;
const parameterName = /^[a-z][a-z0-9_.-]{0,39}$/i;
const hostName = /^[\p{L}\p{N}._-]+$/u;
const ipv6 = /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?$/i;

/** `s` for TLS is a scheme of its own in these two; elsewhere TLS and WebSocket follow a plus sign. */
const withTls: ReadonlyMap<string, string> = new Map([
  ['amqps', 'amqp'],
  ['mqtts', 'mqtt'],
]);

/** What may follow the plus sign of our own transports; those of others may use any. */
const suffixes: ReadonlyMap<string, readonly string[]> = new Map([
  ['memory', []],
  ['sqs', []],
  ['sns', []],
  ['kinesis', []],
  ['firehose', []],
  ['amqp', []],
  ['amqp1', ['tls']],
  ['mqtt', ['ws', 'wss']],
  ['stomp', ['ssl', 'ws', 'wss']],
]);

/**
 * Reads `<scheme>://[user:password@]host[:port][,host…]/[path]?name=value&flag`. A plus sign stands for itself.
 *
 * @throws `invalid-argument`, which never quotes more than a parameter's name or a scheme
 */
export function parseTransportUrl(url: string): TransportUrl {
  if (typeof url !== 'string') throw malformed('it must be a string');
  const [, scheme, authority = '', path, query = ''] = shape.exec(url) ?? [];
  if (scheme === undefined) throw malformed(whatIsWrong(url));
  const at = authority.lastIndexOf('@');
  const userinfo = at === -1 ? undefined : authority.slice(0, at);
  // A password with an unescaped slash or question mark ends the authority too early; its rest must not be taken for
  // a path or a parameter, and be quoted by an error.
  if (`${userinfo ?? ''}${path ?? ''}${query}`.includes('@')) throw malformed(escaping);
  const credentials = userinfo === undefined ? undefined : credentialsOf(userinfo);
  const carrier = carrierOf(scheme.toLowerCase());
  const parameters = parametersOf(query);
  return {
    ...carrier,
    hosts: hostsOf(authority.slice(at + 1)),
    credentials,
    path: path === undefined ? undefined : decode(path),
    parameters,
  };
}

const escaping =
  "'@', '/', '?', '#' and '%' inside user, password, path or parameters are written %40, %2F, %3F, %23 and %25";

function whatIsWrong(url: string): string {
  if (url.includes('#') || url.includes('@')) return escaping;
  return "it must look like 'amqps://user:password@host:port/path?name=value'";
}

function malformed(what: string): IntermodalError {
  return new IntermodalError('invalid-argument', `this is not a transport URL: ${what}`);
}

function carrierOf(scheme: string): Carrier {
  const secured = withTls.get(scheme);
  if (secured !== undefined) return { transport: secured, tls: true, webSocket: false };
  const plus = scheme.indexOf('+');
  if (plus === -1) return { transport: scheme, tls: false, webSocket: false };
  const transport = scheme.slice(0, plus);
  const suffix = scheme.slice(plus + 1);
  const allowed = suffixes.get(transport) ?? ['tls', 'ssl', 'ws', 'wss'];
  if (allowed.includes(suffix)) {
    return { transport, tls: suffix !== 'ws', webSocket: suffix.startsWith('ws') };
  }
  const choices = allowed.map((one) => `'${transport}+${one}'`).join(', ');
  throw malformed(
    `'${transport}' has no scheme with this suffix${choices === '' ? '' : `, only ${choices}`}`,
  );
}

function credentialsOf(userinfo: string): TransportCredentials {
  const colon = userinfo.indexOf(':');
  if (colon === -1) return { username: decode(userinfo), password: undefined };
  return {
    username: decode(userinfo.slice(0, colon)),
    password: decode(userinfo.slice(colon + 1)),
  };
}

function hostsOf(list: string): readonly TransportHost[] {
  if (list === '') return [];
  return list.split(',').map(hostOf);
}

function hostOf(text: string): TransportHost {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]*))?$/.exec(text) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined || (name === '' && port === undefined)) {
    throw malformed(
      'each host is a name, an IPv4 address or an [IPv6 address], and its port a number',
    );
  }
  return { host: nameOf(decode(name), bracketed !== undefined), port: portOf(port) };
}

function nameOf(name: string, isBracketed: boolean): string {
  if (name === '' && !isBracketed) return 'localhost';
  if ((isBracketed ? ipv6 : hostName).test(name)) return name;
  throw malformed(
    isBracketed
      ? 'an address in brackets must be IPv6'
      : 'a host name has a character that none can have',
  );
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (port >= 1 && port <= 65_535) return port;
  throw malformed('a port is a number from 1 to 65535');
}

function parametersOf(query: string): ReadonlyMap<string, string | undefined> {
  const parameters = new Map<string, string | undefined>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    if (!parameterName.test(name)) {
      throw malformed(
        "a parameter's name is of a-z, 0-9, '-', '_' and '.', beginning with a letter",
      );
    }
    if (parameters.has(name)) throw malformed(`the parameter '${name}' is there twice`);
    parameters.set(name, equals === -1 ? undefined : decode(pair.slice(equals + 1)));
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed("a '%' that stands for itself is written %25");
  }
}
