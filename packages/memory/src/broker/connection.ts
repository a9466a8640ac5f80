import { IntermodalError } from '@intermodal/core/driver';

type Ended = (error: IntermodalError | undefined) => void;

/** What a sender and a receiver share: one life, which ends once. */
export interface Connection {
  /** The transport that opened it. */
  readonly owner: object;
  readonly name: string;
  readonly group: string | undefined;
  readonly dead: Promise<IntermodalError | undefined>;
  /** Why nothing more can be done with it; undefined while it lives. */
  readonly over: IntermodalError | undefined;
  /** What waits on it, and must have ended before it gives anything back. */
  readonly waits: Set<Ended>;
  /** With an error it was cut, without one it was closed. */
  end(error?: IntermodalError): void;
}

/** @param onEnd gives back what the connection holds */
export function openConnection(
  connections: Set<Connection>,
  owner: object,
  { name, group }: { readonly name: string; readonly group: string | undefined },
  onEnd: () => void,
): Connection {
  const waits = new Set<Ended>();
  let over: IntermodalError | undefined;
  let resolveDead: Ended;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    resolveDead = resolve;
  });
  const connection: Connection = {
    owner,
    name,
    group,
    dead,
    waits,
    get over() {
      return over;
    },
    end(error) {
      if (over !== undefined) return;
      over =
        error ?? new IntermodalError('closed', `'${name}' is closed: open it again`, place(name));
      connections.delete(connection);
      for (const wait of waits) wait(error);
      onEnd();
      resolveDead(error);
    },
  };
  connections.add(connection);
  return connection;
}

/** What every error of this transport tells. */
export function place(address: string): { readonly transport: string; readonly address: string } {
  return { transport: 'memory', address };
}
