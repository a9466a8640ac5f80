/** What standard and FIFO queues share. */
export interface SqsCommonCapabilities {
  readonly receive: true;
  readonly groups: 'single';
  readonly settle: 'message';
  readonly durable: true;
  readonly ackConfirmed: true;
  readonly attempts: 'broker';
  readonly release: 'counted';
  readonly retry: 'delayed';
  readonly lease: true;
  readonly ttl: false;
  readonly priority: false;
  readonly replay: false;
  readonly headers: 'native';
}

/** Of standard queues, fair ones among them. */
export interface SqsStandardCapabilities extends SqsCommonCapabilities {
  readonly order: 'none';
  readonly isolation: 'none';
  readonly duplicates: 'possible';
  readonly delay: true;
  readonly dedupe: false;
}

/** Of queues that keep the order of each key. */
export interface SqsFifoCapabilities extends SqsCommonCapabilities {
  readonly order: 'key';
  readonly isolation: 'key';
  readonly duplicates: 'on-fault';
  readonly delay: false;
  readonly dedupe: true;
}

/** Of the option `fifo`; a `boolean` that is not literal gives the union, never the optimistic half. */
export type SqsCapabilities<F extends boolean | undefined> = F extends true
  ? SqsFifoCapabilities
  : SqsStandardCapabilities;

const common: SqsCommonCapabilities = {
  receive: true,
  groups: 'single',
  settle: 'message',
  durable: true,
  ackConfirmed: true,
  attempts: 'broker',
  // Visibility 0 gives a message back, and the next receipt raises ApproximateReceiveCount.
  release: 'counted',
  retry: 'delayed',
  lease: true,
  ttl: false,
  priority: false,
  replay: false,
  headers: 'native',
};

export const standardCapabilities: SqsStandardCapabilities = {
  ...common,
  order: 'none',
  isolation: 'none',
  duplicates: 'possible',
  delay: true,
  dedupe: false,
};

export const fifoCapabilities: SqsFifoCapabilities = {
  ...common,
  order: 'key',
  isolation: 'key',
  duplicates: 'on-fault',
  delay: false,
  dedupe: true,
};
