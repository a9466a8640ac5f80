import type { Channel, ConsumeMessage } from 'amqplib';

export interface ConsumingOptions {
  readonly channel: Channel;
  readonly queue: string;
  readonly onMessage: (message: ConsumeMessage | null) => void;
  /** Nothing more comes: what was pushed and is not wanted can be given back. */
  readonly onStopped: () => void;
}

/** Consumes while somebody wants to: a broker that pushes to a paused consumer withholds its messages from the others. */
export interface Consuming {
  /** For the first time. Rejects where the broker refuses. */
  start(): Promise<void>;
  want(): void;
  unwant(): void;
  /** Consumes no more; resolves when what was pushed has been given back, at once where `signal` is aborted. */
  end(signal: AbortSignal): Promise<void>;
}

export function createConsuming(options: ConsumingOptions): Consuming {
  const { channel, queue } = options;
  let tag: string | undefined;
  let isWanted = true;
  let ended = false;
  let changing: Promise<void> | undefined;

  async function consume(): Promise<void> {
    const { consumerTag } = await channel.consume(queue, options.onMessage);
    tag = consumerTag;
  }

  async function cancel(consumerTag: string): Promise<void> {
    // What arrives until the broker has answered is given back too.
    await channel.cancel(consumerTag);
    tag = undefined;
    options.onStopped();
  }

  async function change(): Promise<void> {
    try {
      while (isWanted !== (tag !== undefined)) await (tag === undefined ? consume() : cancel(tag));
    } catch {
      // The channel is gone: whoever watches it knows.
      ended = true;
    } finally {
      changing = undefined;
    }
  }

  function reconcile(): void {
    if (ended || changing !== undefined || isWanted === (tag !== undefined)) return;
    changing = change();
  }

  return {
    start: consume,
    want() {
      if (ended) return;
      isWanted = true;
      reconcile();
    },
    unwant() {
      isWanted = false;
      reconcile();
    },
    async end(signal) {
      isWanted = false;
      reconcile();
      if (changing === undefined || signal.aborted) {
        ended = true;
        return;
      }
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done);
          resolve();
        };
        signal.addEventListener('abort', done, { once: true });
        channel.once('close', done);
        void changing?.then(done);
      });
      ended = true;
    },
  };
}
