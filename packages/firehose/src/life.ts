import type { IntermodalError } from '@intermodal/core/driver';
import { endsConnection } from './map-error.ts';

/**
 * The life of a sender. Firehose has no connection that could break, so it ends by `close`, or when the delivery stream is
 * gone or may not be used any more.
 */
export interface Life {
  readonly dead: Promise<IntermodalError | undefined>;
  readonly over: boolean;
  /** Ends it if no waiting mends this error. */
  report(error: IntermodalError): void;
  end(): void;
}

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
