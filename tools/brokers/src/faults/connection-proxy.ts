import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy before a broker whose protocol is known to those who start it. */
export interface ConnectionProxy extends AsyncDisposable {
  readonly port: number;
  /** Clients that have connected so far. */
  readonly accepted: number;
  cut(): void;
  /** Nothing goes through until the function it returns is called. */
  freeze(): () => void;
  /** Open connections swallow everything from now on. */
  blackHole(): void;
  stop(): Promise<void>;
}

/** What the proxy does to one client. */
export interface Pair {
  cut(): void;
  blackHole(): void;
}

/** One client's connection, and the one to the broker that was made for it. */
export interface Connected {
  readonly client: Socket;
  readonly server: Socket;
  /** Resolves when something goes through again; undefined while it does. */
  frozen(): Promise<void> | undefined;
  /** To be called when both are closed. */
  closed(): void;
}

/** Starts a proxy on a free loopback port. */
export async function startConnectionProxy(
  target: { readonly host: string; readonly port: number },
  through: (connected: Connected) => Pair,
): Promise<ConnectionProxy> {
  const pairs = new Set<Pair>();
  let frozen: Promise<void> | undefined;
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted += 1;
    const pair = through({
      client,
      server: connect(target),
      frozen: () => frozen,
      closed: () => pairs.delete(pair),
    });
    pairs.add(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = (): void => {
    for (const pair of [...pairs]) pair.cut();
  };
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    cut,
    freeze() {
      let thaw = (): void => undefined;
      frozen = new Promise((resolve) => {
        thaw = resolve;
      });
      return () => {
        frozen = undefined;
        thaw();
      };
    },
    blackHole() {
      for (const pair of pairs) pair.blackHole();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** For protocols in which a frame can be passed on as soon as it was read. */
export interface Ends extends Pair {
  readonly isSwallowing: boolean;
  /** Gives `read` what that side sends, in its order, and nothing while all is frozen. */
  pass(from: 'client' | 'server', read: (chunk: Buffer) => void): void;
  toClient(bytes: string | Uint8Array): void;
  toServer(bytes: string | Uint8Array): void;
}

/** When a side ends of which everything is swallowed, the other one is cut, or left to find out by itself. */
export function endsOf(connected: Connected, whenSwallowed: 'cut' | 'leave'): Ends {
  const { client, server, frozen, closed } = connected;
  let isSwallowing = false;
  let openSides = 2;
  const cut = (): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const gone = (): void => {
    if (!isSwallowing || whenSwallowed === 'cut') cut();
  };
  const write = (to: Socket, bytes: string | Uint8Array): void => {
    if (!isSwallowing && to.writable) to.write(bytes);
  };
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    socket.setNoDelay(true);
    socket.on('end', () => {
      if (isSwallowing) gone();
      else other.end();
    });
    socket.on('error', gone);
    socket.on('close', () => {
      if (isSwallowing) gone();
      openSides -= 1;
      if (openSides === 0) closed();
    });
  }
  return {
    get isSwallowing() {
      return isSwallowing;
    },
    pass(from, read) {
      let before = Promise.resolve();
      let held = 0;
      connected[from].on('data', (chunk: Buffer) => {
        if (frozen() === undefined && held === 0) {
          read(chunk);
          return;
        }
        held += 1;
        before = before.then(frozen).then(() => {
          held -= 1;
          read(chunk);
        });
      });
    },
    toClient: (bytes) => write(client, bytes),
    toServer: (bytes) => write(server, bytes),
    cut,
    blackHole() {
      isSwallowing = true;
    },
  };
}
