/** Of delivery streams: they take messages and bring none back. */
export interface FirehoseCapabilities {
  readonly receive: false;
  readonly groups: 'none';
  readonly order: 'none';
  readonly isolation: 'none';
  readonly settle: 'none';
  readonly duplicates: 'possible';
  readonly durable: true;
  readonly ackConfirmed: false;
  readonly attempts: 'local';
  readonly release: 'none';
  readonly retry: 'local';
  readonly lease: false;
  readonly delay: false;
  readonly ttl: false;
  readonly priority: false;
  readonly dedupe: false;
  readonly replay: false;
  readonly headers: 'envelope';
}

export const firehoseCapabilities: FirehoseCapabilities = {
  receive: false,
  groups: 'none',
  order: 'none',
  isolation: 'none',
  settle: 'none',
  // The service itself may deliver a record more than once.
  duplicates: 'possible',
  durable: true,
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
  headers: 'envelope',
};
