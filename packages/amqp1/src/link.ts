import type { IntermodalError } from '@intermodal/core/driver';
import type { Receiver, ReceiverOptions, Sender, SenderOptions, Session } from 'rhea';
import type { Connection } from './connection.ts';
import { mapError, type Asked } from './map-error.ts';

/** One link's life on a session of its own, since an error of one link ends its whole session. */
export interface LinkLife {
  /** Resolves when it is gone: with the error, or with nothing after `close`. */
  readonly dead: Promise<IntermodalError | undefined>;
  readonly over: boolean;
  /** Ends it for a reason that the broker does not know. */
  fail(error: IntermodalError): void;
  /** Resolves when the broker has let go of the link, or cannot be asked; with false where `signal` aborts first. */
  close(signal: AbortSignal): Promise<boolean>;
  /** The same by ending the session, without detaching the link before. */
  endSession(signal: AbortSignal): Promise<boolean>;
}

export interface OpenLink<L extends Sender | Receiver> {
  readonly link: L;
  readonly session: Session;
  readonly life: LinkLife;
}

/** `connection` has a place for the session. @throws mapped errors */
export async function openSenderLink(
  connection: Connection,
  options: SenderOptions,
  asked: Asked,
  signal: AbortSignal,
): Promise<OpenLink<Sender>> {
  const session = beginSession(connection);
  const link = session.open_sender({ ...options, treat_modified_as_released: false });
  const life = watchLink(connection, session, link, asked);
  await attached(link, life, () => link.target, signal);
  return { link, session, life };
}

/** No credit is given. @throws mapped errors */
export async function openReceiverLink(
  connection: Connection,
  options: ReceiverOptions,
  asked: Asked,
  signal: AbortSignal,
): Promise<OpenLink<Receiver>> {
  const session = beginSession(connection);
  const link = session.open_receiver({ credit_window: 0, autoaccept: false, ...options });
  const life = watchLink(connection, session, link, asked);
  await attached(link, life, () => link.source, signal);
  return { link, session, life };
}

/** Proves that the user may use the virtual host: some brokers look at it only then. @throws mapped errors */
export async function proveSession(
  connection: Connection,
  asked: Asked,
  signal: AbortSignal,
): Promise<void> {
  const session = beginSession(connection);
  let onAbort = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      onAbort = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      const onClose = (): void => {
        reject(mapError(session.error ?? new Error('the session was ended'), asked));
      };
      session.once('session_open', () => {
        resolve();
      });
      session.once('session_error', onClose);
      session.once('session_close', onClose);
      void connection.dead.then(() => {
        reject(connection.over);
      });
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    session.close();
  }
}

export function beginSession(connection: Connection): Session {
  const session = connection.native.create_session();
  let isTaken = true;
  const giveBack = (): void => {
    if (isTaken) connection.giveBack();
    isTaken = false;
  };
  session.on('session_close', giveBack);
  void connection.dead.then(giveBack);
  session.begin();
  return session;
}

function kindOf(link: Sender | Receiver): 'sender' | 'receiver' {
  return link.is_receiver() ? 'receiver' : 'sender';
}

async function attached(
  link: Sender | Receiver,
  life: LinkLife,
  terminus: () => unknown,
  signal: AbortSignal,
): Promise<void> {
  const onAbort = (): void => {
    life.fail(mapError(signal.reason, { name: 'the link' }));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await new Promise<void>((resolve, reject) => {
      link.once(`${kindOf(link)}_open`, () => {
        // Without one it is refused, and the reason is on its way.
        if (terminus() !== undefined && terminus() !== null) resolve();
      });
      void life.dead.then((error) => {
        reject(signal.aborted ? (signal.reason as Error) : (error as Error));
      });
    });
    // ActiveMQ attaches what it refuses, and detaches it at once.
    await new Promise(setImmediate);
    if (life.over) throw await life.dead;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function watchLink(
  connection: Connection,
  session: Session,
  link: Sender | Receiver,
  asked: Asked,
): LinkLife {
  const kind = kindOf(link);
  let over = false;
  let closing: Promise<boolean> | undefined;
  let answered = (_done: boolean): void => undefined;
  let settle: (error: IntermodalError | undefined) => void;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });

  function end(cause: unknown): void {
    answered(true);
    if (over) return;
    over = true;
    settle(closing === undefined ? mapError(cause, asked) : undefined);
    session.close();
  }

  const onLink = (): void => {
    end(link.error ?? new Error('the link was detached'));
  };
  const onSession = (): void => {
    end(session.error ?? new Error('the session was ended'));
  };
  link.on(`${kind}_error`, onLink);
  link.on(`${kind}_close`, onLink);
  session.on('session_error', onSession);
  session.on('session_close', onSession);
  void connection.dead.then(() => {
    end(connection.over);
  });

  function ask(toClose: { close(): void }, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const onAbort = (): void => {
        answered(false);
      };
      answered = (done) => {
        signal.removeEventListener('abort', onAbort);
        resolve(done);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      toClose.close();
      if (signal.aborted) answered(false);
    });
  }

  function close(toClose: { close(): void }, signal: AbortSignal): Promise<boolean> {
    if (over) return Promise.resolve(true);
    closing ??= ask(toClose, signal).then((done) => {
      end(undefined);
      return done;
    });
    return closing;
  }

  return {
    dead,
    get over() {
      return over || closing !== undefined;
    },
    fail: end,
    close: (signal) => close(link, signal),
    endSession: (signal) => close(session, signal),
  };
}
