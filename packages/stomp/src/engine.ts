import type { Address } from '@intermodal/core/driver';

/** Which broker speaks STOMP there, since each means something else by it. */
export type StompBroker = 'activemq' | 'rabbitmq';

export type Naming = ((address: Address) => string) | undefined;

/** What is used of a broker: its place for a whole channel, or a queue. */
export interface Place {
  readonly kind: 'exchange' | 'queue' | 'topic';
  /** As the broker knows it. */
  readonly name: string;
  /** As frames have it. */
  readonly destination: string;
}

/** For errors, as a phrase. */
export function phraseOf({ kind, name }: Place): string {
  return `${kind} '${name}'`;
}

/** Where messages of the address go; a whole channel has no place to read from. */
export function placeOf(broker: StompBroker, address: Address, naming: Naming): Place {
  const { channel, group, role, native } = address;
  const isWhole = role === 'main' && group === undefined;
  const name =
    native ??
    naming?.(isWhole ? { channel, role } : { channel, group: group ?? channel, role }) ??
    defaultName(broker, address, isWhole);
  return broker === 'activemq' ? activemqPlace(name, isWhole) : rabbitmqPlace(name, isWhole);
}

/** Channels and groups have no dot or underscore, so none collide. */
function defaultName(broker: StompBroker, address: Address, isWhole: boolean): string {
  const { channel, group = channel, role } = address;
  if (broker === 'activemq') {
    const topic = `VirtualTopic.${channel}`;
    if (isWhole) return topic;
    const queue = `Consumer.${group}.${topic}`;
    // Where the broker's own individual dead letters would be.
    return role === 'main' ? queue : `DLQ.${queue}`;
  }
  if (isWhole) return channel;
  return role === 'main' ? `${channel}.${group}` : `${channel}.${group}_dlq`;
}

function activemqPlace(given: string, isWhole: boolean): Place {
  const [, scheme, rest] = /^(topic|queue):\/\/(.*)$/s.exec(given) ?? [];
  const kind = (scheme ?? (isWhole ? 'topic' : 'queue')) as 'topic' | 'queue';
  const name = rest ?? given;
  return { kind, name, destination: `/${kind}/${name}` };
}

function rabbitmqPlace(name: string, isWhole: boolean): Place {
  const encoded = encodeURIComponent(name);
  if (isWhole) return { kind: 'exchange', name, destination: `/exchange/${encoded}` };
  // `/queue/…` would declare the queue, and not as it is.
  return { kind: 'queue', name, destination: `/amq/queue/${encoded}` };
}

export function deadLettersOf({ channel, group }: Address): Address {
  return { channel, ...(group === undefined ? {} : { group }), role: 'dead-letter' };
}

// Of the protocol or the broker's own, on either side of it.
const protocolNames =
  'destination|subscription|message-id|id|ack|receipt|transaction|content-length|content-type|persistent|priority|redelivered|timestamp|type|correlation-id|reply-to|session|login|passcode|selector|user-id';
const activemqNames = new RegExp(
  `^(?:${protocolNames}|expires|browser|JMS.*|_?AMQ_.*|activemq\\..*|transformation.*|breadcrumbId|scheduledJobId|redeliveryDelay|original-.*|original[A-Z].*|dlqDeliveryFailureCause)$`,
  's',
);
const rabbitmqNames = new RegExp(
  `^(?:${protocolNames}|content-encoding|expiration|amqp-message-id|app-id|cluster-id|durable|auto-delete|exclusive|B?CC|x-.*)$`,
  's',
);
const rabbitmqOwn = new RegExp(
  `^(?:${protocolNames}|content-encoding|expiration|amqp-message-id|app-id|cluster-id|x-(?:death|(?:first|last)-death-.*|delivery-count|acquired-count|queue-type|received-from|opt-.*|stream-.*))$`,
  's',
);

/** Names that would mean something to the broker: nothing of the user may have them on the wire. */
export function isBrokersName(broker: StompBroker, name: string): boolean {
  return (broker === 'activemq' ? activemqNames : rabbitmqNames).test(name);
}

/** Names that the protocol or the broker itself writes: they are no headers. */
export function isWrittenByBroker(broker: StompBroker, name: string): boolean {
  return (broker === 'activemq' ? activemqNames : rabbitmqOwn).test(name);
}

/** Why the other side is not the broker of the options; nothing where it is. */
export function whyNot(broker: StompBroker, server: string | undefined): string | undefined {
  const [product = ''] = (server ?? '').split('/');
  const is = ({ ActiveMQ: 'activemq', RabbitMQ: 'rabbitmq' } as const)[product];
  if (is === broker) return undefined;
  if (is !== undefined) return `it is ${server}: set broker to '${is}' instead of '${broker}'`;
  const found = server === undefined ? 'it does not say what it is' : `it is ${server}`;
  return `${found}, and this transport knows ActiveMQ Classic and RabbitMQ`;
}
