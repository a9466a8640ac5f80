/** What standard and FIFO queues share. */
interface Every {
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

export interface SqsStandardCapabilities extends Every {
  readonly order: 'none';
  readonly isolation: 'none';
  readonly duplicates: 'possible';
  readonly delay: true;
  readonly dedupe: false;
}

export interface SqsFifoCapabilities extends Every {
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

const every: Every = {
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
  ...every,
  order: 'none',
  isolation: 'none',
  duplicates: 'possible',
  delay: true,
  dedupe: false,
};

export const fifoCapabilities: SqsFifoCapabilities = {
  ...every,
  order: 'key',
  isolation: 'key',
  duplicates: 'on-fault',
  delay: false,
  dedupe: true,
};
