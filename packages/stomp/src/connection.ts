import { Client, type IFrame, Versions } from '@stomp/stompjs';
import { type Clock, IntermodalError, systemClock } from '@intermodal/core/driver';
import { whyNot } from './engine.ts';
import { type Frame, type FrameHeaders, frameText } from './frames.ts';
import { BrokerError, mapError } from './map-error.ts';
import type { Settings, StompHost, StompLogin } from './options.ts';
import { type Carrier, openCarrier } from './socket.ts';

/** Hears of one receipt: nothing where it came, else why it never will. */
export type ReceiptListener = (error: IntermodalError | undefined, isAnswered: boolean) => void;

/** One connection's life, for one sender or receiver, since most errors end it: stompjs's own reconnection is off. */
export interface Connection {
  /** Resolves when it is gone: with the error, or with nothing after `close`. */
  readonly dead: Promise<IntermodalError | undefined>;
  /** Set as soon as anything of it is invalid. */
  readonly over: IntermodalError | undefined;
  /** Its messages, once somebody listens. */
  onMessage: (frame: Frame) => void;
  /** One frame. */
  write(...parts: readonly (string | Uint8Array)[]): void;
  /** What a frame must ask for so that `listener` hears of it, exactly once. */
  receipt(listener: ReceiptListener): string;
  /** Writes a frame without a body; resolves with the broker's receipt. Rejects with mapped errors. */
  ask(command: string, headers: FrameHeaders, signal?: AbortSignal): Promise<void>;
  fail(error: IntermodalError): void;
  /** Resolves when the broker has let go of it, with false where it was left before that. */
  close(signal: AbortSignal): Promise<boolean>;
}

export interface ConnectionOptions {
  readonly settings: Settings;
  readonly host: StompHost;
  /** What it is for, in error messages. */
  readonly name: string;
  /** Of a durable subscription. */
  readonly clientId?: string | undefined;
  readonly clock?: Clock;
}

const closeWithinMs = 1_000;

/** @throws mapped errors of the broker and the socket */
export async function openConnection(
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const { settings, host } = options;
  const clock = options.clock ?? systemClock;
  const name = `stomp host '${host.host}'`;
  const login = await loginOf(settings, signal);
  signal.throwIfAborted();
  const { connection, connected, abandon } = start(options, login, name, clock);
  const tooSlow = (): void => {
    const text = `${name}: the broker did not answer within ${settings.connectTimeoutMs} ms`;
    abandon(new IntermodalError('unavailable', text, { transport: 'stomp', address: name }));
  };
  const onAbort = (): void => {
    abandon(mapError(signal.reason, { name }));
  };
  const cancel = clock.setTimer(tooSlow, settings.connectTimeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const server = await connected;
    const reason = whyNot(settings.broker, server);
    if (reason === undefined) return connection;
    const error = new IntermodalError('mismatch', `${name}: ${reason}`, {
      transport: 'stomp',
      address: name,
    });
    abandon(error);
    throw error;
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

async function loginOf(
  { credentials }: Settings,
  signal: AbortSignal,
): Promise<StompLogin | undefined> {
  if (credentials === 'external') return undefined;
  const login = typeof credentials === 'function' ? await credentials(signal) : credentials;
  // CONNECT frames know no escapes: an end of line would begin another header.
  if (!/[\r\n\0]/.test(login.username + login.password)) return login;
  const text = 'stomp: user and password must be one line each, as CONNECT frames have them';
  throw new IntermodalError('invalid-argument', text, { transport: 'stomp' });
}

interface Starting {
  readonly connection: Connection;
  /** Resolves with what the server says that it is. */
  readonly connected: Promise<string | undefined>;
  abandon(error: IntermodalError): void;
}

function start(
  { settings, host, name: purpose, clientId }: ConnectionOptions,
  login: StompLogin | undefined,
  name: string,
  clock: Clock,
): Starting {
  const receipts = new Map<string, ReceiptListener>();
  let receiptCount = 0;
  let over: IntermodalError | undefined;
  let isClosing = false;
  let settle: (error: IntermodalError | undefined) => void;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });
  let carrier: Carrier | undefined;
  let stopPings = (): void => undefined;

  function end(cause: unknown): void {
    if (over !== undefined) return;
    over = mapError(cause, { name: client.connected ? purpose : name });
    stopPings();
    carrier?.destroy();
    // Else it would open a socket that it has not opened yet.
    void client.deactivate();
    const error = over;
    for (const listener of [...receipts.values()]) listener(error, false);
    receipts.clear();
    settle(isClosing ? undefined : error);
  }

  /** Those of frames that others have written are left to stompjs. */
  function take({ command, headers }: Frame): boolean {
    if (command === 'RECEIPT') return answer(headers.get('receipt-id'), undefined);
    return false;
  }

  function answer(id: string | undefined, error: IntermodalError | undefined): boolean {
    const listener = id === undefined ? undefined : receipts.get(id);
    if (id === undefined || listener === undefined) return false;
    receipts.delete(id);
    listener(error, true);
    return true;
  }

  /** ActiveMQ goes on after an error that names the frame which it is about; else the protocol ends with it. */
  function onError({ headers }: IFrame): void {
    const cause = new BrokerError(headers['message'] ?? '');
    const error = mapError(cause, { name: client.connected ? purpose : name });
    if (!answer(headers['receipt-id'], error)) end(error);
  }

  const { idleTimeoutMs, tls, webSocket, broker, vhost } = settings;
  const client = new Client({
    reconnectDelay: 0,
    stompVersions: new Versions([Versions.V1_2]),
    connectHeaders: {
      // ActiveMQ has none, and takes any.
      host: vhost ?? '/',
      ...(login === undefined ? {} : { login: login.username, passcode: login.password }),
      ...(clientId === undefined ? {} : { 'client-id': clientId }),
    },
    // ActiveMQ leaves one out where it has just sent anything else, so that they come up to two of these apart.
    heartbeatIncoming: Math.floor(idleTimeoutMs / 4),
    heartbeatToleranceMultiplier: 3,
    heartbeatOutgoing: idleTimeoutMs,
    discardWebsocketOnCommFailure: true,
    webSocketFactory: () => {
      const port = host.port ?? defaultPort(broker, tls !== undefined, webSocket !== undefined);
      carrier = openCarrier(settings, {
        remote: { host: host.host, port },
        take: (frame) => {
          if (frame.command !== 'MESSAGE') return take(frame);
          connection.onMessage(frame);
          return true;
        },
        onClose(error) {
          end(error ?? new Error('the connection was closed'));
        },
      });
      return carrier.stomp;
    },
    onStompError: onError,
  });

  const connected = new Promise<string | undefined>((resolve, reject) => {
    client.onConnect = ({ headers }) => {
      // ActiveMQ counts no grace, and stompjs would write one just as often as it promised.
      stopPings = every(Math.floor(idleTimeoutMs / 4), () => carrier?.write('\n'), clock);
      resolve(headers['server']);
    };
    void dead.then(() => {
      reject(over ?? new Error('the connection was closed'));
    });
  });
  connected.catch(() => undefined);

  const connection: Connection = {
    dead,
    get over() {
      return over;
    },
    onMessage: () => undefined,
    write(...parts) {
      if (over === undefined) carrier?.write(...parts);
    },
    receipt(listener) {
      receiptCount += 1;
      const id = `r${receiptCount}`;
      if (over === undefined) receipts.set(id, listener);
      else listener(over, false);
      return id;
    },
    ask(command, headers, signal) {
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          reject(mapError(signal?.reason, { name: purpose }));
        };
        const receipt = connection.receipt((error) => {
          signal?.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          else reject(error);
        });
        signal?.addEventListener('abort', onAbort, { once: true });
        if (signal?.aborted === true) onAbort();
        connection.write(frameText(command, [...headers, ['receipt', receipt]]));
      });
    },
    fail: end,
    close(signal) {
      return closeWith(signal);
    },
  };

  async function closeWith(signal: AbortSignal): Promise<boolean> {
    if (over !== undefined) return true;
    isClosing = true;
    const closed = (): IntermodalError =>
      new IntermodalError('closed', 'the transport is closed', { transport: 'stomp' });
    return new Promise((resolve) => {
      const finish = (isConfirmed: boolean): void => {
        cancel();
        signal.removeEventListener('abort', giveUp);
        end(closed());
        resolve(isConfirmed);
      };
      const giveUp = (): void => {
        finish(false);
      };
      const cancel = clock.setTimer(giveUp, closeWithinMs);
      signal.addEventListener('abort', giveUp, { once: true });
      connection.ask('DISCONNECT', []).then(
        () => {
          finish(true);
        },
        () => {
          finish(true);
        },
      );
      if (signal.aborted) giveUp();
    });
  }

  client.activate();
  return { connection, connected, abandon: end };
}

function every(ms: number, work: () => void, clock: Clock): () => void {
  let cancel = clock.setTimer(again, ms);
  function again(): void {
    work();
    cancel = clock.setTimer(again, ms);
  }
  return () => {
    cancel();
  };
}

function defaultPort(broker: Settings['broker'], isTls: boolean, isWebSocket: boolean): number {
  if (!isWebSocket) return isTls ? 61_614 : 61_613;
  if (broker === 'rabbitmq') return isTls ? 15_673 : 15_674;
  return isTls ? 61_619 : 61_614;
}
