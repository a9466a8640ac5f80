import type { QueueType } from './options.ts';

interface Every {
  readonly receive: true;
  readonly groups: 'many';
  readonly settle: 'message';
  readonly duplicates: 'on-fault';
  readonly durable: true;
  readonly ackConfirmed: false;
  readonly retry: 'immediate';
  readonly lease: false;
  readonly delay: true;
  readonly ttl: true;
  readonly dedupe: false;
  readonly replay: false;
  readonly headers: 'native';
}

/**
 * What follows from the options, for the compiler; a `queueType` or `singleActiveConsumer` that is not literal gives
 * unions, never the optimistic half.
 */
export interface AmqpCapabilities<
  Q extends QueueType | undefined = QueueType | undefined,
  S extends boolean | undefined = boolean | undefined,
  P extends number | undefined = number | undefined,
> extends Every {
  /** Quorum queues count deliveries, classic queues nothing. */
  readonly attempts: Q extends 'classic' ? 'local' : 'broker';
  /** Up to RabbitMQ 4.2 a quorum queue counts what is given back too. */
  readonly release: Q extends 'classic' ? 'free' : 'counted';
  readonly order: S extends true ? 'key' : 'none';
  readonly isolation: S extends true ? 'window' : 'none';
  readonly priority: P extends number ? true : false;
}

const every: Every = {
  receive: true,
  groups: 'many',
  settle: 'message',
  duplicates: 'on-fault',
  durable: true,
  ackConfirmed: false,
  retry: 'immediate',
  lease: false,
  delay: true,
  ttl: true,
  dedupe: false,
  replay: false,
  headers: 'native',
};

export function capabilitiesOf(
  queueType: QueueType,
  singleActiveConsumer: boolean,
  priority: boolean,
): AmqpCapabilities {
  return {
    ...every,
    ...(queueType === 'classic'
      ? { attempts: 'local', release: 'free' }
      : { attempts: 'broker', release: 'counted' }),
    ...(singleActiveConsumer
      ? { order: 'key', isolation: 'window' }
      : { order: 'none', isolation: 'none' }),
    priority,
  };
}
