import { randomUUID } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Clock, IntermodalError, systemClock, writeTogether } from '@intermodal/core/driver';
import rhea, { type Connection as Native, type ConnectionOptions, type EventContext } from 'rhea';
import { whyNot } from './engine.ts';
import { mapError } from './map-error.ts';
import type { Amqp1Host, Amqp1Login, Settings } from './options.ts';

/** One connection's life: rhea's own reconnection is off, since it forgets without a word what was under way. */
export interface Connection {
  readonly native: Native;
  /** Resolves when it is gone: with the error, or with nothing after `close`. */
  readonly dead: Promise<IntermodalError | undefined>;
  /** Set as soon as anything of it is invalid. */
  readonly over: IntermodalError | undefined;
  /** Takes the place of one session; false where the broker allows no more. */
  take(): boolean;
  giveBack(): void;
  /** Lets the broker finish what it was sent; a broker that does not answer is left after a moment. */
  close(): Promise<void>;
}

export type Purpose = 'publish' | 'consume';

const closeWithinMs = 1_000;

/** @throws mapped errors of the broker and the socket */
export async function openConnection(
  settings: Settings,
  { host, port }: Amqp1Host,
  purpose: Purpose,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<Connection> {
  const { tls, vhost, broker } = settings;
  const place = `amqp1 host '${host}'`;
  const login = await loginOf(settings, signal);
  signal.throwIfAborted();
  const remote = { host, port: port ?? (tls === undefined ? 5_672 : 5_671) };
  let socket: Socket | undefined;
  const containerId = `${settings.connectionName}-${purpose}-${randomUUID()}`;
  const options: ConnectionOptions & { readonly sasl_mechanisms: object } = {
    container_id: containerId,
    ...remote,
    reconnect: false,
    // The other side is asked for half of it, and rhea waits for twice of what it asked for.
    idle_time_out: Math.floor(settings.idleTimeoutMs / 2),
    sasl_mechanisms: mechanismsOf(login),
    sasl_init_hostname: host,
    ...(vhost === undefined ? {} : { hostname: `vhost:${vhost}` }),
    connection_details: () => ({
      ...remote,
      options: remote,
      connect: (_port: number, _host: string, _options: unknown, onConnected: () => void) => {
        socket = openSocket(settings, remote, onConnected);
        return socket;
      },
    }),
  };
  const native = rhea.create_container({ id: containerId }).connect(options);
  if (socket === undefined)
    throw new IntermodalError('unsupported', `${place}: rhea opened no socket`);
  const connection = watch(native, socket, place, clock);
  try {
    await opened(native, connection, settings, signal, clock);
    const { product, version } = propertiesOf(native);
    const reason = whyNot(broker, product, version);
    if (reason === undefined) return connection;
    throw new IntermodalError('mismatch', `${place}: ${reason}`, {
      transport: 'amqp1',
      address: place,
    });
  } catch (cause) {
    void connection.close();
    throw mapError(cause, { name: place });
  }
}

async function loginOf(
  { credentials }: Settings,
  signal: AbortSignal,
): Promise<Amqp1Login | undefined> {
  if (credentials === 'external') return undefined;
  return typeof credentials === 'function' ? credentials(signal) : credentials;
}

type Respond = (error: undefined, response: Buffer | string) => void;

/** Rhea's own cuts off passwords beyond ASCII. */
function mechanismsOf(login: Amqp1Login | undefined): object {
  const response = login === undefined ? '' : Buffer.from(`\0${login.username}\0${login.password}`);
  const start = (respond: Respond): void => {
    respond(undefined, response);
  };
  const step = (_challenge: unknown, respond: Respond): void => {
    respond(undefined, response);
  };
  return { [login === undefined ? 'EXTERNAL' : 'PLAIN']: { start, step } };
}

function openSocket(
  { tls }: Settings,
  remote: { readonly host: string; readonly port: number },
  onConnected: () => void,
): Socket {
  const socket =
    tls === undefined
      ? connectTcp(remote, onConnected)
      : connectTls(
          { ...(isIP(remote.host) === 0 ? { servername: remote.host } : {}), ...tls, ...remote },
          onConnected,
        );
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  writeTogether(socket);
  return socket;
}

function propertiesOf(native: Native): { readonly product?: unknown; readonly version?: unknown } {
  return native.properties ?? {};
}

/** Resolves when the broker has opened its side. */
async function opened(
  native: Native,
  connection: Connection,
  { connectTimeoutMs }: Settings,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const tooSlow = (): void => {
      finish(
        new IntermodalError(
          'unavailable',
          `the broker did not answer within ${connectTimeoutMs} ms`,
        ),
      );
    };
    const cancel = clock.setTimer(tooSlow, connectTimeoutMs);
    const onAbort = (): void => {
      finish(signal.reason as Error);
    };
    const finish = (error?: Error): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    native.once('connection_open', () => {
      finish();
    });
    void connection.dead.then(() => {
      finish(connection.over);
    });
  });
}

function watch(native: Native, socket: Socket, place: string, clock: Clock): Connection {
  let over: IntermodalError | undefined;
  let closing: Promise<void> | undefined;
  let sessions = 0;
  let settle: (error: IntermodalError | undefined) => void;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });

  function end(cause: unknown): void {
    if (over !== undefined) return;
    over = mapError(cause, { name: place });
    // With an error, since only that tells rhea to stop its timers.
    socket.destroy(new Error('the connection is over'));
    settle(closing === undefined ? over : undefined);
  }

  const onEvent = ({ error }: EventContext): void => {
    end(error ?? native.error ?? new Error('the connection was closed'));
  };
  native.on('connection_error', onEvent);
  native.on('connection_close', onEvent);
  native.on('disconnected', onEvent);
  // An error of what rhea could not read or write; unheard it would end the process.
  native.on('error', end);
  native.on('protocol_error', end);
  socket.on('close', () => {
    end(new Error('the connection was closed'));
  });

  return {
    native,
    dead,
    get over() {
      return over;
    },
    take() {
      const most = (native.channel_max ?? 65_535) + 1;
      if (sessions >= most) return false;
      sessions += 1;
      return true;
    },
    giveBack() {
      sessions -= 1;
    },
    async close() {
      if (over !== undefined) return;
      closing ??= new Promise((resolve) => {
        const done = (): void => {
          cancel();
          end(new IntermodalError('closed', 'the transport is closed', { transport: 'amqp1' }));
          resolve();
        };
        const cancel = clock.setTimer(done, closeWithinMs);
        void dead.then(done);
        native.close();
      });
      await closing;
    },
  };
}
