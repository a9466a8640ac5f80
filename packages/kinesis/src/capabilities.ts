/** Of streams: logs whose shards keep order, read by any number of groups. */
export interface KinesisCapabilities {
  readonly receive: true;
  readonly groups: 'many';
  readonly order: 'key';
  readonly isolation: 'window';
  readonly settle: 'watermark';
  readonly duplicates: 'on-fault';
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
  readonly replay: true;
  readonly headers: 'envelope';
}

export const kinesisCapabilities: KinesisCapabilities = {
  receive: true,
  groups: 'many',
  order: 'key',
  isolation: 'window',
  settle: 'watermark',
  duplicates: 'on-fault',
  durable: true,
  // An ack is kept here; the watermark of its shard is written at intervals.
  ackConfirmed: false,
  attempts: 'local',
  release: 'none',
  retry: 'local',
  lease: false,
  delay: false,
  ttl: false,
  priority: false,
  dedupe: false,
  replay: true,
  headers: 'envelope',
};
