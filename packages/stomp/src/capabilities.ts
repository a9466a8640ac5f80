import type { StompBroker } from './engine.ts';
import type { QueueType, Settings } from './options.ts';

interface Every {
  readonly receive: true;
  readonly groups: 'many';
  readonly settle: 'message';
  readonly duplicates: 'on-fault';
  readonly durable: true;
  readonly ackConfirmed: true;
  readonly release: 'by-closing';
  readonly lease: false;
  readonly ttl: true;
  readonly dedupe: false;
  readonly replay: false;
  readonly headers: 'native';
}

/** What follows from the options, for the compiler; an option that is not literal gives unions, never the optimistic half. */
export interface StompCapabilities<
  B extends StompBroker = StompBroker,
  Q extends QueueType | undefined = QueueType | undefined,
  S extends boolean | undefined = boolean | undefined,
  D extends boolean | undefined = boolean | undefined,
  P extends boolean | undefined = boolean | undefined,
> extends Every {
  /** RabbitMQ's quorum queues count; ActiveMQ says no more than that it has delivered a message before. */
  readonly attempts: B extends 'rabbitmq' ? (Q extends 'classic' ? 'local' : 'broker') : 'local';
  /** ActiveMQ takes a message again with a delay, where its scheduler is on; RabbitMQ takes it back at once. */
  readonly retry: B extends 'rabbitmq' ? 'immediate' : D extends false ? 'local' : 'delayed';
  /** Message groups on ActiveMQ, single active consumers on RabbitMQ. */
  readonly order: B extends 'activemq' ? 'key' : S extends true ? 'key' : 'none';
  readonly isolation: B extends 'activemq' ? 'window' : S extends true ? 'window' : 'none';
  readonly delay: B extends 'activemq' ? (D extends false ? false : true) : false;
  readonly priority: B extends 'activemq' ? (P extends true ? true : false) : false;
}

const every: Every = {
  receive: true,
  groups: 'many',
  settle: 'message',
  duplicates: 'on-fault',
  durable: true,
  ackConfirmed: true,
  release: 'by-closing',
  lease: false,
  ttl: true,
  dedupe: false,
  replay: false,
  headers: 'native',
};

export function capabilitiesOf(settings: Settings): StompCapabilities {
  const { broker, scheduler, prioritizedMessages, singleActiveConsumer } = settings;
  const isActivemq = broker === 'activemq';
  const isOrdered = isActivemq || singleActiveConsumer;
  return {
    ...every,
    attempts: countsAttempts(settings) ? 'broker' : 'local',
    retry: isActivemq ? (scheduler ? 'delayed' : 'local') : 'immediate',
    ...(isOrdered ? { order: 'key', isolation: 'window' } : { order: 'none', isolation: 'none' }),
    delay: isActivemq && scheduler,
    priority: isActivemq && prioritizedMessages,
  };
}

export function countsAttempts({ broker, queueType }: Settings): boolean {
  return broker === 'rabbitmq' && queueType === 'quorum';
}
