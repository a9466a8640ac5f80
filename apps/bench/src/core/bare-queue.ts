/** A delivery of the bare queue. */
export interface BareDelivery<T> {
  readonly id: number;
  readonly body: T;
  /** Resolves once the queue has dropped it. */
  ack(): Promise<void>;
}

export interface BareQueue<T> {
  /** Resolves once the queue has it. */
  publish(body: T): Promise<number>;
  readonly acked: number;
}

/**
 * The least that can be called a queue with confirmed publishes and acks: a promise for each, an array between them, and
 * what is not acked kept. No ids of the world's, no copies, no leases, no time-outs, no bound, no batches, no keys.
 */
export function createBareQueue<T>(
  concurrency: number,
  handler: (delivery: BareDelivery<T>) => Promise<void>,
): BareQueue<T> {
  const unacked = new Map<number, T>();
  let arrived: { readonly id: number; readonly body: T; readonly confirm: (id: number) => void }[] =
    [];
  let ready: { readonly id: number; readonly body: T }[] = [];
  let head = 0;
  let lastId = 0;
  let running = 0;
  let acked = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(turn);
  }

  function turn(): void {
    scheduled = false;
    for (const entry of arrived) {
      ready.push(entry);
      entry.confirm(entry.id);
    }
    arrived = [];
    dispatch();
  }

  function dispatch(): void {
    while (running < concurrency && head < ready.length) {
      const entry = ready[head];
      head += 1;
      if (entry !== undefined) deliver(entry.id, entry.body);
    }
    if (head < ready.length) return;
    ready = [];
    head = 0;
  }

  function deliver(id: number, body: T): void {
    running += 1;
    unacked.set(id, body);
    const delivery: BareDelivery<T> = {
      id,
      body,
      ack() {
        if (unacked.delete(id)) acked += 1;
        return Promise.resolve();
      },
    };
    void handler(delivery).then(() => {
      running -= 1;
      dispatch();
    });
  }

  return {
    publish(body) {
      return new Promise((confirm) => {
        lastId += 1;
        arrived.push({ id: lastId, body, confirm });
        schedule();
      });
    },
    get acked() {
      return acked;
    },
  };
}
