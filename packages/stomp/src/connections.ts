import { IntermodalError } from '@intermodal/core/driver';
import { type Connection, openConnection } from './connection.ts';
import type { Settings } from './options.ts';

export interface Purpose {
  /** What it is for, in error messages. */
  readonly name: string;
  /** Of a durable subscription. */
  readonly clientId?: string | undefined;
}

/** A connection for each sender and receiver: an ERROR frame ends it, and must end nobody else's. */
export interface Connections {
  /** @throws mapped errors, `closed` */
  open(purpose: Purpose, signal: AbortSignal): Promise<Connection>;
  close(): Promise<void>;
}

export function createConnections(settings: Settings): Connections {
  const { hosts } = settings;
  const alive = new Set<Connection>();
  const closing = new AbortController();
  const isClosed = (): boolean => closing.signal.aborted;
  /** Index of the host that the next open tries first. */
  let first = 0;

  /** Two connections that lose one host must not come back to it by going on twice. */
  function avoid(index: number): void {
    if (first % hosts.length === index) first += 1;
  }

  async function open(purpose: Purpose, signal: AbortSignal): Promise<Connection> {
    const until = AbortSignal.any([signal, closing.signal]);
    let failure: IntermodalError | undefined;
    for (let tried = 0; tried < hosts.length; tried += 1) {
      const index = first % hosts.length;
      const host = hosts[index] ?? { host: 'localhost' };
      try {
        const connection = await openConnection({ settings, host, ...purpose }, until);
        alive.add(connection);
        void connection.dead.then((error) => {
          alive.delete(connection);
          if (error !== undefined) avoid(index);
        });
        if (!isClosed()) return connection;
        await connection.close(AbortSignal.abort());
        throw closed();
      } catch (error) {
        if (isClosed()) throw closed();
        signal.throwIfAborted();
        failure = IntermodalError.from(error);
        avoid(index);
        if (!failure.retryable) break;
      }
    }
    throw failure ?? closed();
  }

  return {
    async open(purpose, signal) {
      if (isClosed()) throw closed();
      return open(purpose, signal);
    },
    async close() {
      closing.abort();
      const never = new AbortController().signal;
      await Promise.all([...alive].map((connection) => connection.close(never)));
    },
  };
}

function closed(): IntermodalError {
  return new IntermodalError('closed', 'the transport is closed', { transport: 'stomp' });
}
