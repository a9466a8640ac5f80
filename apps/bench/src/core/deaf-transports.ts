import type { Sender, Transport } from '@intermodal/core/driver';

const capabilities = {
  receive: false,
  groups: 'none',
  order: 'none',
  isolation: 'none',
  settle: 'none',
  duplicates: 'on-fault',
  durable: false,
  ackConfirmed: false,
  attempts: 'local',
  release: 'none',
  retry: 'local',
  lease: false,
  delay: false,
  ttl: false,
  priority: false,
  dedupe: false,
  replay: false,
  headers: 'native',
} as const;

/** A transport that accepts nothing. */
export interface DeafTransport extends Transport<typeof capabilities> {
  /** Messages that it was given to send. */
  readonly handedOver: () => number;
}

/** The connection opens, and no send is ever answered. */
export function neverAnswers(): DeafTransport {
  let handedOver = 0;
  const sender: Sender = {
    limits: {
      maxBatchCount: 1_000,
      maxBatchBytes: 1_000_000,
      maxInFlight: 4,
      entries: 'independent',
      lingerMs: 0,
    },
    dead: new Promise(() => undefined),
    prepare: (message) => ({ bytes: message.body.length, lane: undefined, payload: message }),
    send(batch) {
      handedOver += batch.length;
      return new Promise(() => undefined);
    },
    close: () => Promise.resolve(),
  };
  return deaf(
    () => Promise.resolve(sender),
    () => handedOver,
  );
}

/** The connection never opens. */
export function neverOpens(): DeafTransport {
  return deaf(
    () => new Promise(() => undefined),
    () => 0,
  );
}

function deaf(openSender: Transport['openSender'], handedOver: () => number): DeafTransport {
  return {
    name: 'deaf',
    capabilities,
    openSender,
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
    handedOver,
  };
}
