import type { Amqp1Broker } from './engine.ts';
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
  readonly ttl: true;
  readonly priority: false;
  readonly dedupe: false;
  readonly replay: false;
  readonly headers: 'native';
}

/**
 * What follows from the options, for the compiler; a `broker`, `queueType` or `singleActiveConsumer` that is not literal
 * gives unions, never the optimistic half.
 */
export interface Amqp1Capabilities<
  B extends Amqp1Broker = Amqp1Broker,
  Q extends QueueType | undefined = QueueType | undefined,
  S extends boolean | undefined = boolean | undefined,
> extends Every {
  /** RabbitMQ's quorum queues and ActiveMQ count what a crash or a failure brought back; the plug-in of RabbitMQ 3 hides it. */
  readonly attempts: B extends 'activemq'
    ? 'broker'
    : B extends 'rabbitmq'
      ? Q extends 'classic'
        ? 'local'
        : 'broker'
      : 'local';
  /** ActiveMQ brings what is released to the same link again; RabbitMQ 3 counts it in a quorum queue's delivery limit. */
  readonly release: B extends 'activemq'
    ? 'by-closing'
    : B extends 'rabbitmq3'
      ? Q extends 'classic'
        ? 'free'
        : 'counted'
      : 'free';
  /** Message groups on ActiveMQ, single active consumers on RabbitMQ. */
  readonly order: B extends 'activemq' ? 'key' : S extends true ? 'key' : 'none';
  readonly isolation: B extends 'activemq' ? 'window' : S extends true ? 'window' : 'none';
  readonly delay: B extends 'activemq' ? true : false;
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
  ttl: true,
  priority: false,
  dedupe: false,
  replay: false,
  headers: 'native',
};

export function capabilitiesOf(
  broker: Amqp1Broker,
  queueType: QueueType,
  singleActiveConsumer: boolean,
): Amqp1Capabilities {
  const isOrdered = broker === 'activemq' || singleActiveConsumer;
  return {
    ...every,
    attempts: countsAttempts(broker, queueType) ? 'broker' : 'local',
    release: releaseOf(broker, queueType),
    ...(isOrdered ? { order: 'key', isolation: 'window' } : { order: 'none', isolation: 'none' }),
    delay: broker === 'activemq',
  };
}

export function countsAttempts(broker: Amqp1Broker, queueType: QueueType): boolean {
  return broker === 'activemq' || (broker === 'rabbitmq' && queueType === 'quorum');
}

function releaseOf(broker: Amqp1Broker, queueType: QueueType): Amqp1Capabilities['release'] {
  if (broker === 'activemq') return 'by-closing';
  return broker === 'rabbitmq3' && queueType === 'quorum' ? 'counted' : 'free';
}
