/** What standard and FIFO topics share: queues settle, topics only hand on. */
export interface SnsCommonCapabilities {
  readonly receive: true;
  readonly groups: 'many';
  readonly settle: 'message';
  readonly durable: true;
  readonly ackConfirmed: true;
  readonly attempts: 'broker';
  readonly release: 'counted';
  readonly retry: 'delayed';
  readonly lease: true;
  readonly delay: false;
  readonly ttl: false;
  readonly priority: false;
  readonly replay: false;
  readonly headers: 'native';
}

/** Of standard topics and queues. */
export interface SnsStandardCapabilities extends SnsCommonCapabilities {
  readonly order: 'none';
  readonly isolation: 'none';
  readonly duplicates: 'possible';
  readonly dedupe: false;
}

/** Of topics and queues that keep the order of each key. */
export interface SnsFifoCapabilities extends SnsCommonCapabilities {
  readonly order: 'key';
  readonly isolation: 'key';
  readonly duplicates: 'on-fault';
  readonly dedupe: true;
}

/** Of the option `fifo`; a `boolean` that is not literal gives the union, never the optimistic half. */
export type SnsCapabilities<F extends boolean | undefined> = F extends true
  ? SnsFifoCapabilities
  : SnsStandardCapabilities;

const common: SnsCommonCapabilities = {
  receive: true,
  groups: 'many',
  settle: 'message',
  durable: true,
  ackConfirmed: true,
  attempts: 'broker',
  release: 'counted',
  retry: 'delayed',
  lease: true,
  delay: false,
  ttl: false,
  priority: false,
  replay: false,
  headers: 'native',
};

export const standardCapabilities: SnsStandardCapabilities = {
  ...common,
  order: 'none',
  isolation: 'none',
  duplicates: 'possible',
  dedupe: false,
};

export const fifoCapabilities: SnsFifoCapabilities = {
  ...common,
  order: 'key',
  isolation: 'key',
  duplicates: 'on-fault',
  dedupe: true,
};
