import type { Prepared, Transport, WireDelivery, WireMessage } from '@intermodal/core/driver';

const capabilities = {
  receive: true,
  groups: 'single',
  order: 'none',
  isolation: 'none',
  settle: 'message',
  duplicates: 'on-fault',
  durable: false,
  ackConfirmed: true,
  attempts: 'local',
  release: 'free',
  retry: 'delayed',
  lease: false,
  delay: false,
  ttl: false,
  priority: false,
  dedupe: false,
  replay: false,
  headers: 'native',
} as const;

const done = 'done';

/** A driver that does next to nothing, so that what is left is core: one array, no copies, no leases; nothing is kept. */
export function leastTransport(): Transport<typeof capabilities> {
  let ready: WireMessage[] = [];
  let waiting: ((deliveries: readonly WireDelivery[]) => void) | undefined;
  let most = 0;

  function take(max: number): readonly WireDelivery[] {
    const taken = ready.length <= max ? ready : ready.slice(0, max);
    ready = ready.length <= max ? [] : ready.slice(max);
    return taken.map(deliver);
  }

  return {
    name: 'least',
    capabilities,
    openSender: () =>
      Promise.resolve({
        limits: {
          maxBatchCount: 1_000,
          maxBatchBytes: Infinity,
          maxInFlight: 1,
          entries: 'ordered',
          lingerMs: 0,
        },
        dead: new Promise(() => undefined),
        prepare: (message): Prepared => ({ bytes: 100, lane: undefined, payload: message }),
        send(batch) {
          for (const { payload } of batch) ready.push(payload as WireMessage);
          if (waiting !== undefined) {
            const give = waiting;
            waiting = undefined;
            give(take(most));
          }
          return Promise.resolve(batch.map(() => ({ ok: true })));
        },
        close: () => Promise.resolve(),
      }),
    openReceiver: () =>
      Promise.resolve({
        limits: {
          maxPerReceive: 1_000,
          maxConcurrentReceives: 1,
          maxWaitMs: 20_000,
          maxPerSettle: 1_000,
          settleLingerMs: 0,
        },
        dead: new Promise(() => undefined),
        receive(max, stop) {
          if (ready.length > 0) return Promise.resolve(take(max));
          most = max;
          return new Promise((resolve) => {
            waiting = resolve;
            stop.addEventListener('abort', () => {
              resolve([]);
            });
          });
        },
        settle: (batch) => Promise.resolve(batch.map(() => done)),
        close: () => Promise.resolve({ abandoned: 0 }),
      }),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function deliver(message: WireMessage): WireDelivery {
  return {
    token: { value: undefined },
    message,
    lane: undefined,
    attempt: 1,
    redelivered: false,
    leaseUntil: undefined,
    position: undefined,
    native: undefined,
  };
}
