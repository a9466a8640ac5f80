import type { Transport } from './driver.ts';
import { IntermodalError } from './error.ts';
import {
  parseTransportUrl,
  type TransportCredentials,
  type TransportHost,
  type TransportUrl,
} from './transport-url.ts';

/**
 * Where a URL points. Whatever the URL holds and the factory never reads is an error, so that no part of it is silently
 * without effect.
 */
export interface TransportLocation {
  readonly transport: string;
  /** By the scheme (`amqps`, `mqtt+wss`) or the parameter `tls`. */
  readonly tls: boolean;
  readonly webSocket: boolean;
  /** In the order given; empty where the URL names none. */
  readonly hosts: readonly TransportHost[];
  readonly credentials: TransportCredentials | undefined;
  /** What follows the first slash, without it; undefined where there is no slash. */
  readonly path: string | undefined;
  /** @throws `invalid-argument` where the parameter is there without a value */
  text(name: string): string | undefined;
  /** True for `?name` and `?name=true`. @throws `invalid-argument` for other values than `true` and `false` */
  flag(name: string): boolean | undefined;
  /** A whole number of 0 or more. @throws `invalid-argument` */
  number(name: string): number | undefined;
  /** @throws `invalid-argument` for a value that is not among the choices */
  oneOf<const V extends string>(name: string, choices: readonly V[]): V | undefined;
}

/** Makes a transport of what the URL says: usually one line that names the options of an adapter's own factory. */
export type TransportFactory = (location: TransportLocation) => Transport | Promise<Transport>;

/**
 * Makes a transport from a URL, so that it can be a line of configuration. The scheme chooses among the factories, which
 * are passed in: `openTransport(url, { memory: () => memoryTransport() })`. What the transport can do is then known only
 * at run time: narrow the client with `client.require`.
 *
 * @throws `invalid-argument` for what is malformed, unknown or not used; no error holds a credential
 */
export async function openTransport(
  url: string,
  factories: Readonly<Record<string, TransportFactory>>,
): Promise<Transport> {
  const parts = parseTransportUrl(url);
  const { transport: name } = parts;
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (factory === undefined) throw noFactory(name, Object.keys(factories));
  const { location, unread } = createLocation(parts);
  let transport: Transport;
  try {
    transport = await factory(location);
  } catch (error) {
    throw withoutCredentials(error, parts);
  }
  const trouble = unread();
  if (trouble === undefined) return transport;
  await transport.close().catch(() => undefined);
  throw new IntermodalError('invalid-argument', trouble, { transport: name });
}

function noFactory(name: string, known: readonly string[]): IntermodalError {
  const there = known.length === 0 ? 'none was passed' : `passed were: ${known.join(', ')}`;
  const text = `openTransport has no factory for '${name}', as in openTransport(url, { ${name}: … }); ${there}`;
  return new IntermodalError('invalid-argument', text);
}

interface Tracked {
  readonly location: TransportLocation;
  /** What is in the URL and was not read, as a sentence. */
  readonly unread: () => string | undefined;
}

function createLocation(parts: TransportUrl): Tracked {
  const { transport, parameters } = parts;
  const read = new Set<string>();
  const asked = new Set<string>();

  function part<K extends 'webSocket' | 'hosts' | 'credentials' | 'path'>(
    name: K,
  ): TransportUrl[K] {
    read.add(name);
    return parts[name];
  }

  function has(name: string): boolean {
    asked.add(name);
    return parameters.has(name);
  }

  function wrong(name: string, what: string): IntermodalError {
    const text = `the parameter '${name}' of the ${transport} URL must be ${what}`;
    return new IntermodalError('invalid-argument', text, { transport });
  }

  function flag(name: string): boolean | undefined {
    if (!has(name)) return undefined;
    const value = parameters.get(name) ?? 'true';
    if (value !== 'true' && value !== 'false')
      throw wrong(name, "'true' or 'false', or stand without a value");
    return value === 'true';
  }

  const location: TransportLocation = {
    transport,
    get tls() {
      read.add('tls');
      const asksFor = flag('tls');
      if (parts.tls && asksFor === false) throw wrong('tls', "'true', since the scheme means TLS");
      return parts.tls || asksFor === true;
    },
    get webSocket() {
      return part('webSocket');
    },
    get hosts() {
      return part('hosts');
    },
    get credentials() {
      return part('credentials');
    },
    get path() {
      return part('path');
    },
    text(name) {
      if (!has(name)) return undefined;
      const value = parameters.get(name);
      if (value === undefined || value === '') throw wrong(name, 'followed by = and a value');
      return value;
    },
    flag,
    number(name) {
      if (!has(name)) return undefined;
      const value = parameters.get(name) ?? '';
      const number = Number(value);
      if (!/^[0-9]+$/.test(value) || !Number.isSafeInteger(number))
        throw wrong(name, 'a whole number');
      return number;
    },
    oneOf(name, choices) {
      if (!has(name)) return undefined;
      const value = parameters.get(name);
      const choice = choices.find((one) => one === value);
      if (choice === undefined) throw wrong(name, `one of ${choices.join(', ')}`);
      return choice;
    },
  };

  function unread(): string | undefined {
    for (const name of parameters.keys()) {
      if (asked.has(name)) continue;
      const known =
        asked.size === 0 ? 'it takes none' : `there are: ${[...asked].toSorted().join(', ')}`;
      return `'${transport}' has no use for the parameter '${name}' of its URL; ${known}`;
    }
    const without = (what: string): string =>
      `'${transport}' has no use for ${what} in its URL: leave it out`;
    if (parts.hosts.length > 0 && !read.has('hosts')) return without('a host');
    if (parts.credentials !== undefined && !read.has('credentials'))
      return without('a user and password');
    if ((parts.path ?? '') !== '' && !read.has('path')) return without('a path');
    if (parts.webSocket && !read.has('webSocket')) return without('WebSocket');
    if (parts.tls && !read.has('tls')) return without('TLS');
    return undefined;
  }

  return { location, unread };
}

/** Client libraries like to quote the URL that they could not use. */
function withoutCredentials(
  error: unknown,
  { transport, credentials }: TransportUrl,
): IntermodalError {
  const password = credentials?.password ?? '';
  const told = tell(error, 5);
  if (
    password === '' ||
    !(told.includes(password) || told.includes(encodeURIComponent(password)))
  ) {
    return IntermodalError.from(error, { code: 'invalid-argument', transport });
  }
  const text = `the factory of '${transport}' failed; its error quotes the password and is left out`;
  return new IntermodalError('invalid-argument', text, { transport });
}

function tell(error: unknown, depth: number): string {
  if (depth === 0 || error === undefined) return '';
  if (!(error instanceof Error)) return typeof error === 'string' ? error : '';
  return `${error.message}\n${error.stack ?? ''}\n${tell(error.cause, depth - 1)}`;
}
