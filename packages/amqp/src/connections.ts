import { IntermodalError } from '@intermodal/core/driver';
import { type Connection, openConnection, type Purpose } from './connection.ts';
import type { Settings } from './options.ts';

/**
 * One connection for publishing and one for all else, each opened when it is needed and shared by channels: a broker that
 * blocks publishing blocks everything on that connection.
 */
export interface Connections {
  /** The open one, or a new one. @throws mapped errors, `closed` */
  use(purpose: Purpose, signal: AbortSignal): Promise<Connection>;
  /** Whether one of them was lost before: the broker may have been restarted. */
  readonly hadLoss: boolean;
  close(): Promise<void>;
}

export function createConnections(settings: Settings): Connections {
  const { hosts } = settings;
  const current = new Map<Purpose, Promise<Connection>>();
  const closing = new AbortController();
  const isClosed = (): boolean => closing.signal.aborted;
  let hadLoss = false;
  /** Index of the host that the next open tries first. */
  let first = 0;

  /** Two connections that lose one host must not come back to it by going on twice. */
  function avoid(index: number): void {
    if (first % hosts.length === index) first += 1;
  }

  async function open(purpose: Purpose): Promise<Connection> {
    let failure: IntermodalError | undefined;
    for (let tried = 0; tried < hosts.length; tried += 1) {
      const index = first % hosts.length;
      const host = hosts[index] ?? { host: 'localhost' };
      try {
        const connection = await openConnection(settings, host, purpose, closing.signal);
        void connection.dead.then((error) => {
          if (error === undefined) return;
          hadLoss = true;
          avoid(index);
        });
        return connection;
      } catch (error) {
        if (isClosed()) throw closed();
        failure = IntermodalError.from(error);
        avoid(index);
        if (!failure.retryable) break;
      }
    }
    throw failure ?? closed();
  }

  function start(purpose: Purpose): Promise<Connection> {
    const opening = open(purpose);
    current.set(purpose, opening);
    const forget = (): void => {
      if (current.get(purpose) === opening) current.delete(purpose);
    };
    opening.then((connection) => void connection.dead.then(forget), forget);
    return opening;
  }

  return {
    async use(purpose, signal) {
      if (isClosed()) throw closed();
      const connection = await unlessAborted(current.get(purpose) ?? start(purpose), signal);
      if (isClosed()) throw closed();
      // It may have died in the same turn in which it was opened.
      if (connection.over !== undefined) throw connection.over;
      return connection;
    },
    get hadLoss() {
      return hadLoss;
    },
    async close() {
      closing.abort();
      const openings = [...current.values()];
      const close = async (opening: Promise<Connection>): Promise<void> => {
        const connection = await opening.catch(() => undefined);
        await connection?.close();
      };
      await Promise.all(openings.map(close));
    },
  };
}

function closed(): IntermodalError {
  return new IntermodalError('closed', 'the transport is closed', { transport: 'amqp' });
}

/** The work goes on for others who wait for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
