import type { IntermodalError } from '@intermodal/core/driver';

/**
 * The life of a sender or receiver. A service that is asked by HTTP has no connection that could break, so it ends by
 * `close`, or when what it is open on is gone or may not be used any more.
 */
export interface Life {
  /** With the error that ended it, if one did. */
  readonly dead: Promise<IntermodalError | undefined>;
  readonly over: boolean;
  /** Ends it if no waiting mends this error. */
  report(error: IntermodalError): void;
  end(): void;
}

/** One for each sender and receiver that is opened. */
export function createLife(): Life {
  let settle: (error: IntermodalError | undefined) => void;
  let over = false;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });

  function end(error?: IntermodalError): void {
    over = true;
    settle(error);
  }

  return {
    dead,
    get over() {
      return over;
    },
    report(error) {
      if (!over && endsConnection(error)) end(error);
    },
    end() {
      end();
    },
  };
}

/** True for what no waiting mends: the queue, topic or stream is gone, or must not be used. */
export function endsConnection(error: IntermodalError): boolean {
  return error.code === 'not-found' || error.code === 'permission-denied';
}
