import { IntermodalError } from '@intermodal/core/driver';

type Ended = (error: IntermodalError | undefined) => void;

/** What a sender and a receiver share: one life, which ends once. */
export interface Connection {
  /** The transport that opened it. */
  readonly owner: object;
  readonly address: string;
  readonly group: string | undefined;
  readonly dead: Promise<IntermodalError | undefined>;
  /** Why nothing more can be done with it; undefined while it lives. */
  readonly over: IntermodalError | undefined;
  /** What waits on it, and must have ended before it gives anything back. */
  readonly waits: Set<Ended>;
  /** With an error it was cut, without one it was closed. */
  end(error?: IntermodalError): void;
}

export interface ConnectionOptions {
  readonly owner: object;
  readonly address: string;
  readonly group: string | undefined;
  /** Gives back what the connection held. */
  readonly onEnd: () => void;
}

export function createConnection(options: ConnectionOptions): Connection {
  const { owner, address, group, onEnd } = options;
  const waits = new Set<Ended>();
  let over: IntermodalError | undefined;
  let resolve: Ended;
  const dead = new Promise<IntermodalError | undefined>((resolveDead) => {
    resolve = resolveDead;
  });
  return {
    owner,
    address,
    group,
    dead,
    waits,
    get over() {
      return over;
    },
    end(error) {
      if (over !== undefined) return;
      over =
        error ??
        new IntermodalError('closed', `'${address}' was closed: open it again`, place(address));
      for (const wait of waits) wait(error);
      onEnd();
      resolve(error);
    },
  };
}

/** What every error of this transport tells. */
export function place(address: string): { readonly transport: string; readonly address: string } {
  return { transport: 'memory', address };
}
