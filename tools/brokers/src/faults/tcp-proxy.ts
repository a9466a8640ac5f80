import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Towards the server, or back to the client. */
export type Direction = 'to-server' | 'to-client';

/** One client's connection through the proxy. */
export interface ProxiedConnection {
  /** Counts from 1, in the order in which clients connected. */
  readonly number: number;
  readonly bytes: Readonly<Record<Direction, number>>;
  /** Resets both sides (RST), so that neither sees an orderly end. */
  cut(): void;
  /** Ends the client's or the server's reading side (FIN) and keeps the other direction going. */
  halfClose(direction: Direction): void;
  /** From now on accepts what is sent and passes nothing on, in both directions. */
  blackHole(): void;
}

/** A TCP proxy in front of a broker that does to connections what networks do. */
export interface TcpProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The connections that are open now. */
  readonly connections: readonly ProxiedConnection[];
  /** How many clients have connected so far. */
  readonly accepted: number;
  /** Resets every open connection; new ones are served. */
  cut(): void;
  /** Resets new connections as soon as they are made, until `restore`. */
  refuse(): void;
  /** Swallows everything, on open connections for good and on new ones until `restore`. */
  blackHole(): void;
  /** Holds back each chunk that goes this way, order kept, from now on; 0 ends it. */
  delay(direction: Direction, delayMs: number): void;
  /** Serves new connections again. */
  restore(): void;
  /** Sends new connections elsewhere, as a name server would after a fail-over. */
  setTarget(target: TcpTarget): void;
  /** Resolves once `count` clients have connected, counted since the start. */
  untilAccepted(count: number): Promise<void>;
  /** Resolves when no connection is open. */
  untilIdle(): Promise<void>;
  /** Cuts what is open and frees the port. */
  stop(): Promise<void>;
}

export interface TcpTarget {
  /** @defaultValue `127.0.0.1` */
  readonly host?: string;
  readonly port: number;
}

type Manner = 'serve' | 'refuse' | 'black-hole';

/** Starts a proxy on a free loopback port. */
export async function startTcpProxy(target: TcpTarget): Promise<TcpProxy> {
  const open = new Set<ProxiedConnection>();
  const events = new EventEmitter().setMaxListeners(0);
  const delays: Record<Direction, number> = { 'to-server': 0, 'to-client': 0 };
  let destination = target;
  let manner: Manner = 'serve';
  let accepted = 0;

  // The client's half-open end must reach the server as such, not as an end.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted += 1;
    if (manner === 'refuse') {
      client.on('error', ignore);
      client.resetAndDestroy();
    } else {
      const connection = proxied(client, destination, accepted, delays, () => {
        open.delete(connection);
        events.emit('change');
      });
      open.add(connection);
      if (manner === 'black-hole') connection.blackHole();
    }
    events.emit('change');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await once(events, 'change');
  };
  const each = (action: (connection: ProxiedConnection) => void): void => [...open].forEach(action);
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    each((connection) => connection.cut());
    await closed;
  };

  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get connections() {
      return [...open];
    },
    get accepted() {
      return accepted;
    },
    cut: () => each((connection) => connection.cut()),
    refuse: () => void (manner = 'refuse'),
    blackHole() {
      manner = 'black-hole';
      each((connection) => connection.blackHole());
    },
    delay: (direction, delayMs) => void (delays[direction] = delayMs),
    restore: () => void (manner = 'serve'),
    setTarget: (next) => void (destination = next),
    untilAccepted: (count) => until(() => accepted >= count),
    untilIdle: () => until(() => open.size === 0),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function proxied(
  client: Socket,
  target: TcpTarget,
  number: number,
  delays: Readonly<Record<Direction, number>>,
  closed: () => void,
): ProxiedConnection {
  const { host = '127.0.0.1', port } = target;
  const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
  client.setNoDelay(true);
  const bytes: Record<Direction, number> = { 'to-server': 0, 'to-client': 0 };
  const swallowed = new Set<Direction>();
  let openSides = 2;

  const cut = (): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };

  const pass = (from: Socket, to: Socket, direction: Direction): void => {
    const write = (chunk: Buffer | undefined): void => {
      if (swallowed.has(direction) || to.destroyed || to.writableEnded) return;
      if (chunk === undefined) {
        to.end();
      } else if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    };
    const passOn = inOrder(write, () => delays[direction]);
    from.on('data', (chunk: Buffer) => {
      bytes[direction] += chunk.length;
      passOn(chunk);
    });
    from.on('end', () => passOn(undefined));
    // A peer that reset the connection, or cannot be reached, resets the other side too; but nothing
    // comes out of a black hole.
    from.on('error', () => {
      if (swallowed.size < 2) cut();
    });
    from.on('close', () => {
      openSides -= 1;
      if (openSides === 0) closed();
    });
  };
  pass(client, server, 'to-server');
  pass(server, client, 'to-client');

  return {
    number,
    bytes,
    cut,
    halfClose(direction) {
      swallowed.add(direction);
      (direction === 'to-server' ? server : client).end();
    },
    blackHole() {
      swallowed.add('to-server').add('to-client');
    },
  };
}

/** Calls `write` in order, for each chunk after the delay that holds when it arrives. */
function inOrder<Chunk>(
  write: (chunk: Chunk) => void,
  delayMs: () => number,
): (chunk: Chunk) => void {
  let last = Promise.resolve();
  let waiting = 0;
  return (chunk) => {
    const ms = delayMs();
    if (ms === 0 && waiting === 0) return write(chunk);
    waiting += 1;
    const due = new Promise<void>((resolve) => void setTimeout(resolve, ms));
    last = Promise.all([last, due]).then(() => {
      waiting -= 1;
      write(chunk);
    });
  };
}

function ignore(): void {
  // The reset is ours; there is nothing to tell.
}
