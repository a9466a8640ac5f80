import { type Clock, IntermodalError, systemClock } from '@intermodal/core/driver';
import type { IConnackPacket, MqttClient } from 'mqtt';
import { mapError, reasonError, sessionTakenOver } from './map-error.ts';
import type { End } from './membership.ts';
import { createNativeClient, type Identity } from './native-client.ts';
import type { MqttHost, Settings } from './options.ts';

/** One connection's life. */
export interface Connection {
  readonly native: MqttClient;
  /** What the broker said when it opened. */
  readonly connack: IConnackPacket;
  /** Resolves when it is gone: with the error, or with nothing after `close`. */
  readonly dead: Promise<IntermodalError | undefined>;
  /** Set as soon as it is gone. */
  readonly over: IntermodalError | undefined;
  /** Whether `close` was called. */
  readonly closing: boolean;
  /** How it ended. */
  readonly end: End;
  /** Ends it for a reason that the broker does not know. */
  fail(error: IntermodalError): void;
  /** Takes leave of the broker; one that does not answer is left after a moment. */
  close(): Promise<void>;
}

const closeWithinMs = 1_000;

/**
 * `prepare` is given the client before anything can have come.
 *
 * @throws mapped errors of the broker and the socket
 */
export async function openConnection(
  settings: Settings,
  host: MqttHost,
  identity: Identity,
  signal: AbortSignal,
  prepare: (native: MqttClient) => void = () => undefined,
  clock: Clock = systemClock,
): Promise<Connection> {
  const { credentials } = settings;
  const login = typeof credentials === 'function' ? await credentials(signal) : credentials;
  signal.throwIfAborted();
  const place = `mqtt host '${host.host}'`;
  const native = createNativeClient(settings, host, login, identity);
  const life = watch(native, place, clock);
  prepare(native);
  try {
    const connack = await connected(native, life, settings, signal, clock);
    return Object.assign(life, { connack });
  } catch (cause) {
    const error = mapError(cause, place);
    life.fail(error);
    throw error;
  }
}

/** The other side ended the connection before it said anything: some answer so to a version that they do not know. */
export class ClosedUnanswered extends Error {}

async function connected(
  native: MqttClient,
  life: Life,
  { connectTimeoutMs }: Settings,
  signal: AbortSignal,
  clock: Clock,
): Promise<IConnackPacket> {
  return new Promise<IConnackPacket>((resolve, reject) => {
    const finish = (settle: () => void): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => {
      finish(() => {
        reject(signal.reason as Error);
      });
    };
    const cancel = clock.setTimer(() => {
      const text = `the broker did not answer within ${connectTimeoutMs} ms`;
      finish(() => {
        reject(new Error(text));
      });
    }, connectTimeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    native.once('connect', (connack) => {
      finish(() => {
        resolve(connack);
      });
    });
    void life.dead.then(() => {
      finish(() => {
        reject(life.over ?? new ClosedUnanswered());
      });
    });
  });
}

type Life = Omit<Connection, 'connack'>;

function watch(native: MqttClient, place: string, clock: Clock): Life {
  let over: IntermodalError | undefined;
  let closing: Promise<void> | undefined;
  let failure: unknown;
  let end: End = 'closed';
  let settle: (error: IntermodalError | undefined) => void;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });

  function finish(cause: unknown): void {
    if (over !== undefined) return;
    over = mapError(cause, place);
    native.end(true);
    native.stream.destroy();
    settle(closing === undefined ? over : undefined);
  }

  native.on('error', (error) => {
    end = 'other';
    failure ??= error;
    finish(error);
  });
  // Those without a code are told nowhere else.
  native.stream.on('error', (error) => {
    failure ??= error;
  });
  native.on('disconnect', ({ reasonCode = 0 }) => {
    end = reasonCode === sessionTakenOver ? 'taken-over' : 'other';
    failure ??= reasonError(reasonCode, place);
  });
  native.on('close', () => {
    finish(failure ?? new ClosedUnanswered('the connection was closed'));
  });

  return {
    native,
    dead,
    get over() {
      return over;
    },
    get closing() {
      return closing !== undefined;
    },
    get end() {
      return end;
    },
    fail(error) {
      end = 'other';
      finish(error);
    },
    async close() {
      if (over !== undefined) return;
      end = 'other';
      closing ??= new Promise((resolve) => {
        const done = (): void => {
          cancel();
          finish(new IntermodalError('closed', 'the transport is closed', { transport: 'mqtt' }));
          resolve();
        };
        const cancel = clock.setTimer(done, closeWithinMs);
        void dead.then(done);
        native.end(false, {}, done);
      });
      await closing;
    },
  };
}
