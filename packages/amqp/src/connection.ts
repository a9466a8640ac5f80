import { type Clock, IntermodalError, systemClock } from '@intermodal/core/driver';
import { type ChannelModel, connect, credentials as sasl, type SocketOptions } from 'amqplib';
import { mapError } from './map-error.ts';
import type { AmqpHost, AmqpLogin, Settings } from './options.ts';
import { writeFramesTogether } from './frames-together.ts';

/** One connection's life: amqplib's own recovery is off, since it hides losses and never refuses a wrong password. */
export interface Connection {
  readonly model: ChannelModel;
  /** Resolves when it is gone: with the error, or with nothing after `close`. */
  readonly dead: Promise<IntermodalError | undefined>;
  /** Set as soon as anything of it is invalid. */
  readonly over: IntermodalError | undefined;
  /** The broker takes nothing that is published: its memory or disk is full. */
  readonly blocked: boolean;
  /** Called when `blocked` changes. Returns what ends it. */
  onBlocked(listener: () => void): () => void;
  /** Lets the broker finish what it was sent; a broker that does not answer is left after a moment. */
  close(): Promise<void>;
}

export type Purpose = 'publish' | 'consume';

const closeWithinMs = 1_000;
/** Of what is left of a login, so that a refused renewal can be repeated. */
const renewAfterShare = 0.8;
const renewRetryMs = 5_000;

/** @throws mapped errors of the broker and the socket */
export async function openConnection(
  settings: Settings,
  { host, port }: AmqpHost,
  purpose: Purpose,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<Connection> {
  const { tls, vhost } = settings;
  const place = { name: `amqp host '${host}'` };
  // The only way to a socket that amqplib keeps to itself: a silent one must not outlive its connection.
  const socket = new AbortController();
  const giveUp = (): void => {
    socket.abort();
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const login = await loginOf(settings, signal);
    signal.throwIfAborted();
    const model = await (settings.connect ?? connect)(
      {
        protocol: tls === undefined ? 'amqp' : 'amqps',
        hostname: host,
        port: port ?? (tls === undefined ? 5_672 : 5_671),
        // amqplib decodes it as it would a URL's.
        vhost: encodeURIComponent(vhost),
        heartbeat: settings.heartbeatSeconds,
      },
      socketOptions(settings, purpose, login, socket.signal),
    );
    writeFramesTogether(model);
    return watch(settings, model, place.name, login, socket, clock);
  } catch (cause) {
    socket.abort();
    throw mapError(cause, place);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function loginOf(
  { credentials }: Settings,
  signal: AbortSignal,
): Promise<AmqpLogin | undefined> {
  if (credentials === 'external') return undefined;
  return typeof credentials === 'function' ? credentials(signal) : credentials;
}

function socketOptions(
  settings: Settings,
  purpose: Purpose,
  login: AmqpLogin | undefined,
  signal: AbortSignal,
): SocketOptions {
  const options = {
    ...settings.tls,
    signal,
    noDelay: true,
    keepAlive: true,
    timeout: settings.connectTimeoutMs,
    clientProperties: { connection_name: `${settings.connectionName} ${purpose}` },
    credentials: login === undefined ? sasl.external() : sasl.plain(login.username, login.password),
  };
  return options;
}

function watch(
  settings: Settings,
  model: ChannelModel,
  host: string,
  login: AmqpLogin | undefined,
  socket: AbortController,
  clock: Clock,
): Connection {
  const listeners = new Set<() => void>();
  let over: IntermodalError | undefined;
  let closing: Promise<void> | undefined;
  let blocked = false;
  let cancelRenewal = (): void => undefined;
  let settle: (error: IntermodalError | undefined) => void;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });

  function fail(cause: unknown): void {
    over ??= mapError(cause, { name: host });
  }

  function setBlocked(now: boolean): void {
    blocked = now;
    for (const listener of listeners) listener();
  }

  // Every loss is told by `error` first, except an orderly one; without a listener it would end the process.
  model.on('error', fail);
  model.on('blocked', () => {
    setBlocked(true);
  });
  model.on('unblocked', () => {
    setBlocked(false);
  });
  model.on('close', (cause?: Error) => {
    cancelRenewal();
    if (closing === undefined) fail(cause ?? new Error('Connection closed'));
    else fail(new IntermodalError('closed', 'the transport is closed', { transport: 'amqp' }));
    if (closing === undefined) socket.abort();
    settle(closing === undefined ? over : undefined);
  });

  async function end(): Promise<void> {
    await new Promise<void>((resolve) => {
      // A close that the connection's death overtakes is never answered.
      const cancel = clock.setTimer(resolve, closeWithinMs);
      const done = (): void => {
        cancel();
        resolve();
      };
      model.on('close', done);
      model.close().then(done, done);
    });
    if (over !== undefined) return;
    fail(new IntermodalError('closed', 'the transport is closed', { transport: 'amqp' }));
    socket.abort();
    settle(undefined);
  }

  function renewBefore(expiresAt: Date | undefined): void {
    if (expiresAt === undefined || typeof settings.credentials !== 'function') return;
    const left = expiresAt.getTime() - clock.now();
    cancelRenewal = clock.setTimer(() => void renew(), Math.max(0, left * renewAfterShare));
  }

  async function renew(): Promise<void> {
    try {
      const next = await loginOf(settings, socket.signal);
      if (next === undefined || over !== undefined) return;
      await model.updateSecret(Buffer.from(next.password), 'renewed');
      renewBefore(next.expiresAt);
    } catch {
      // The old one still holds; a broker that refuses the new one closes the connection by itself.
      if (over === undefined) cancelRenewal = clock.setTimer(() => void renew(), renewRetryMs);
    }
  }

  renewBefore(login?.expiresAt);
  return {
    model,
    dead,
    get over() {
      return over;
    },
    get blocked() {
      return blocked;
    },
    onBlocked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      if (over !== undefined) return Promise.resolve();
      closing ??= end();
      return closing;
    },
  };
}
