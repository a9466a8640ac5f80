import { IntermodalError } from '@intermodal/core/driver';
import { type Connection, openConnection, type Purpose } from './connection.ts';
import type { Settings } from './options.ts';

/**
 * Connections for publishing and for all else, opened when they are needed and shared: a broker that holds publishing up may
 * read nothing more from that connection. A further one is opened where the broker allows no more sessions on the others.
 */
export interface Connections {
  /** One with a place for a session, which is taken. @throws mapped errors, `closed` */
  use(purpose: Purpose, signal: AbortSignal): Promise<Connection>;
  close(): Promise<void>;
}

export function createConnections(settings: Settings): Connections {
  const { hosts } = settings;
  const current: Record<Purpose, Set<Promise<Connection>>> = {
    publish: new Set(),
    consume: new Set(),
  };
  const closing = new AbortController();
  const isClosed = (): boolean => closing.signal.aborted;
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
          if (error !== undefined) avoid(index);
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
    current[purpose].add(opening);
    const forget = (): void => {
      current[purpose].delete(opening);
    };
    opening.then((connection) => void connection.dead.then(forget), forget);
    return opening;
  }

  /** The first with a place. */
  async function find(purpose: Purpose, signal: AbortSignal): Promise<Connection> {
    for (const opening of current[purpose]) {
      const connection = await unlessAborted(opening, signal);
      if (connection.over === undefined && connection.take()) return connection;
    }
    const connection = await unlessAborted(start(purpose), signal);
    // It may have died in the same turn in which it was opened.
    if (connection.over !== undefined) throw connection.over;
    return connection.take() ? connection : find(purpose, signal);
  }

  return {
    async use(purpose, signal) {
      if (isClosed()) throw closed();
      const connection = await find(purpose, signal);
      if (!isClosed()) return connection;
      throw closed();
    },
    async close() {
      closing.abort();
      const openings = [...current.publish, ...current.consume];
      const close = async (opening: Promise<Connection>): Promise<void> => {
        const connection = await opening.catch(() => undefined);
        await connection?.close();
      };
      await Promise.all(openings.map(close));
    },
  };
}

function closed(): IntermodalError {
  return new IntermodalError('closed', 'the transport is closed', { transport: 'amqp1' });
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
