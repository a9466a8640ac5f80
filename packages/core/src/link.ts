import { backoffMs } from './backoff.ts';
import { IntermodalError } from './error.ts';
import { timer, type Wheel } from './wheel.ts';

/** What a sender and a receiver share: one connection's life. */
interface Connection {
  readonly dead: Promise<IntermodalError | undefined>;
}

export interface LinkOptions<T extends Connection> {
  readonly wheel: Wheel;
  readonly timeoutMs: number;
  readonly open: (signal: AbortSignal) => Promise<T>;
  /** Closes one that opened after nobody wanted it any more. */
  readonly discard: (connection: T) => void;
  /** Whether there is a reason to open again. */
  readonly wanted: () => boolean;
  readonly onUp: (connection: T) => void;
  /** The connection died; everything of it is lost. */
  readonly onDown: (connection: T, error: IntermodalError | undefined) => void;
  /** It will be tried again after `delayMs`. */
  readonly onRetry: (delayMs: number, error: IntermodalError | undefined) => void;
  /** Trying again is useless: the error is not retryable. */
  readonly onRefused: (error: IntermodalError) => void;
}

/** Keeps one connection open while it is wanted: opens, and opens again with back-off and jitter when it dies. */
export interface Link<T extends Connection> {
  readonly current: T | undefined;
  /** Opens if it is not open, opening or waiting to. */
  ensure(): void;
  /** Gives the current connection up, as if it had died of `error`. */
  drop(error: IntermodalError): void;
  /** No more opening. The current connection is the caller's to close; its death is still told. */
  close(): void;
}

const firstDelayMs = 50;
const maxDelayMs = 10_000;
// A connection that lived this long was good: the next loss starts again with the shortest delay.
const goodAfterMs = 10_000;

export function createLink<T extends Connection>(options: LinkOptions<T>): Link<T> {
  const { wheel } = options;
  const { clock } = wheel;
  let current: T | undefined;
  let opening: AbortController | undefined;
  let failures = 0;
  let closed = false;
  let waiting = false;
  let upSince = 0;
  const again = timer(() => {
    waiting = false;
    if (options.wanted()) ensure();
  });
  const tooSlow = timer(() =>
    opening?.abort(
      new IntermodalError('timeout', `no connection within ${options.timeoutMs} ms`, {
        retryable: true,
      }),
    ),
  );

  function ensure(): void {
    if (closed || current !== undefined || opening !== undefined || waiting) return;
    const controller = new AbortController();
    opening = controller;
    wheel.set(tooSlow, clock.now() + options.timeoutMs);
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => {
        reject(controller.signal.reason as Error);
      });
    });
    const opened = Promise.resolve().then(() => options.open(controller.signal));
    Promise.race([opened, aborted]).then(up, failed);
    // One that arrives after the race was lost must not stay open.
    opened.then(
      (connection) => {
        if (controller.signal.aborted) options.discard(connection);
      },
      () => undefined,
    );
  }

  function up(connection: T): void {
    opening = undefined;
    wheel.cancel(tooSlow);
    if (closed) return;
    current = connection;
    upSince = clock.now();
    void connection.dead.then((error) => {
      if (current === connection) down(connection, error);
    });
    options.onUp(connection);
  }

  function down(connection: T, error: IntermodalError | undefined): void {
    current = undefined;
    if (clock.now() - upSince >= goodAfterMs) failures = 0;
    options.onDown(connection, error);
    if (closed) return;
    if (error !== undefined && !error.retryable) {
      options.onRefused(error);
      return;
    }
    retry(error);
  }

  function failed(cause: unknown): void {
    opening = undefined;
    wheel.cancel(tooSlow);
    if (closed) return;
    const error = IntermodalError.from(cause, { code: 'unavailable' });
    if (error.retryable) retry(error);
    else {
      failures = 0;
      options.onRefused(error);
    }
  }

  function retry(error: IntermodalError | undefined): void {
    if (!options.wanted()) return;
    failures += 1;
    const delayMs = backoffMs(clock, failures, firstDelayMs, maxDelayMs);
    waiting = true;
    wheel.set(again, clock.now() + delayMs);
    options.onRetry(delayMs, error);
  }

  return {
    get current() {
      return current;
    },
    ensure,
    drop(error) {
      if (current === undefined || closed) return;
      const connection = current;
      down(connection, error);
      options.discard(connection);
    },
    close() {
      closed = true;
      wheel.cancel(again);
      wheel.cancel(tooSlow);
      opening?.abort(
        new IntermodalError('closed', 'the client was closed while the connection opened'),
      );
    },
  };
}
