import { IntermodalError } from '@intermodal/core/driver';
import type { MqttClient } from 'mqtt';
import { ClosedUnanswered, type Connection, openConnection } from './connection.ts';
import type { Identity } from './native-client.ts';
import type { MqttHost, Settings } from './options.ts';

/** Opens connections, each on the next host that works. */
export interface Opener {
  /** @throws mapped errors, `closed` */
  open(
    identity: Identity,
    signal: AbortSignal,
    prepare?: (native: MqttClient) => void,
  ): Promise<Connection>;
  /** Ends all that is open or opening. */
  close(): Promise<void>;
}

export function createOpener(settings: Settings): Opener {
  const { hosts } = settings;
  const closing = new AbortController();
  const connections = new Set<Connection>();
  /** Index of the host that the next open tries first. */
  let first = 0;
  const isClosed = (): boolean => closing.signal.aborted;

  /** Two connections that lose one host must not come back to it by going on twice. */
  function avoid(index: number): void {
    if (first % hosts.length === index) first += 1;
  }

  async function openAt(
    index: number,
    identity: Identity,
    signal: AbortSignal,
    prepare: ((native: MqttClient) => void) | undefined,
  ): Promise<Connection> {
    const host = hosts[index] ?? { host: 'localhost' };
    try {
      return await openConnection(settings, host, identity, signal, prepare);
    } catch (error) {
      throw (await refusesVersion(settings, host, error, signal)) ?? error;
    }
  }

  function keep(connection: Connection, index: number): Connection {
    connections.add(connection);
    void connection.dead.then((error) => {
      connections.delete(connection);
      if (error !== undefined) avoid(index);
    });
    return connection;
  }

  return {
    async open(identity, signal, prepare) {
      if (isClosed()) throw closed();
      const either = AbortSignal.any([signal, closing.signal]);
      let failure: IntermodalError | undefined;
      for (let tried = 0; tried < hosts.length; tried += 1) {
        const index = first % hosts.length;
        try {
          const connection = keep(await openAt(index, identity, either, prepare), index);
          if (!isClosed()) return connection;
          await connection.close();
        } catch (error) {
          if (signal.aborted) throw error;
          failure = IntermodalError.from(error);
          avoid(index);
        }
        if (isClosed()) throw closed();
        if (failure?.retryable === false) break;
      }
      throw failure ?? closed();
    },
    async close() {
      closing.abort(closed());
      await Promise.all([...connections].map((connection) => connection.close()));
    },
  };
}

/**
 * Why a broker closed the connection without an answer: some that do not know version 5 do. Asked for by 3.1.1, so that a
 * broker that is only restarting is not taken for one of them.
 */
async function refusesVersion(
  settings: Settings,
  host: MqttHost,
  error: unknown,
  signal: AbortSignal,
): Promise<IntermodalError | undefined> {
  const isClosed = IntermodalError.is(error) && error.cause instanceof ClosedUnanswered;
  if (settings.protocol !== '5' || !isClosed || signal.aborted) return undefined;
  const clientId = `${settings.clientIdPrefix}-version-${crypto.randomUUID()}`;
  const older: Settings = { ...settings, protocol: '3.1.1' };
  try {
    const found = await openConnection(
      older,
      host,
      { clientId, clean: true, keeps: false },
      signal,
    );
    await found.close();
  } catch {
    return undefined;
  }
  const place = `mqtt host '${host.host}'`;
  const text = `${place}: the broker closes connections of MQTT 5 without an answer and takes those of 3.1.1: set protocol to '3.1.1'`;
  return new IntermodalError('unsupported', text, { transport: 'mqtt', address: place });
}

function closed(): IntermodalError {
  return new IntermodalError('closed', 'the transport is closed', { transport: 'mqtt' });
}
