import type { Address } from '@intermodal/core/driver';

/**
 * Which broker speaks AMQP 1.0 there, since each means something else by it: RabbitMQ 4 and later by itself, RabbitMQ 3 by
 * its plug-in, ActiveMQ Classic.
 */
export type Amqp1Broker = 'rabbitmq' | 'rabbitmq3' | 'activemq';

export type Naming = ((address: Address) => string) | undefined;

/** What is used of a broker: its place for a whole channel, or a queue. */
export interface Place {
  readonly kind: 'exchange' | 'queue' | 'topic';
  /** As the broker knows it. */
  readonly name: string;
  /** As a link has it. */
  readonly link: string;
}

/** For errors, as a phrase. */
export function phraseOf({ kind, name }: Place): string {
  return `${kind} '${name}'`;
}

/** Where messages of the address go; a whole channel has no place to read from. */
export function placeOf(broker: Amqp1Broker, address: Address, naming: Naming): Place {
  const { channel, group, role, native } = address;
  const isWhole = role === 'main' && group === undefined;
  const name =
    native ??
    naming?.(isWhole ? { channel, role } : { channel, group: group ?? channel, role }) ??
    defaultName(broker, address, isWhole);
  return broker === 'activemq'
    ? activemqPlace(name, isWhole)
    : rabbitmqPlace(broker, name, isWhole);
}

/** Channels and groups have no dot or underscore, so none collide. */
function defaultName(broker: Amqp1Broker, address: Address, isWhole: boolean): string {
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

function activemqPlace(name: string, isWhole: boolean): Place {
  const [, scheme, rest] = /^(topic|queue):\/\/(.*)$/s.exec(name) ?? [];
  if (rest !== undefined)
    return { kind: scheme === 'topic' ? 'topic' : 'queue', name: rest, link: name };
  const kind = isWhole ? 'topic' : 'queue';
  return { kind, name, link: `${kind}://${name}` };
}

/**
 * ActiveMQ's queue for one consumer at a time; the others stand by.
 *
 * @see https://activemq.apache.org/components/classic/documentation/exclusive-consumer
 */
export function exclusively(place: Place): Place {
  const { link } = place;
  return { ...place, link: `${link}${link.includes('?') ? '&' : '?'}consumer.exclusive=true` };
}

function rabbitmqPlace(broker: Amqp1Broker, name: string, isWhole: boolean): Place {
  const kind = isWhole ? 'exchange' : 'queue';
  const encoded = encodeURIComponent(name);
  if (broker === 'rabbitmq') return { kind, name, link: `/${kind}s/${encoded}` };
  // `/queue/…` would declare the queue, and not as it is.
  return { kind, name, link: isWhole ? `/exchange/${encoded}/` : `/amq/queue/${encoded}` };
}

export function deadLettersOf({ channel, group }: Address): Address {
  return { channel, ...(group === undefined ? {} : { group }), role: 'dead-letter' };
}

// CC and BCC send copies; most of what begins with x- means something to RabbitMQ, which also writes such names itself.
const rabbitmqNames = /^(?:B?CC|x-.*)$/s;
const rabbitmqOwn =
  /^x-(?:death|(?:first|last)-death-.*|delivery-count|acquired-count|delay|received-from|opt-.*|stream-.*)$/s;
// Properties of JMS, of the scheduler and of the protocol converters.
const activemqNames = /^(?:JMS|_?AMQ_|scheduledJobId$)/;

/** Names that would mean something to the broker: nothing of the user may have them on the wire. */
export function isBrokersName(broker: Amqp1Broker, name: string): boolean {
  return (broker === 'activemq' ? activemqNames : rabbitmqNames).test(name);
}

/** Names that the broker itself writes: they are no headers. */
export function isWrittenByBroker(broker: Amqp1Broker, name: string): boolean {
  return (broker === 'activemq' ? activemqNames : rabbitmqOwn).test(name);
}

/** Why the other side is not the broker of the options; nothing where it is. */
export function whyNot(
  broker: Amqp1Broker,
  product: unknown,
  version: unknown,
): string | undefined {
  const found = `${String(product)} ${String(version)}`;
  const isRabbit = product === 'RabbitMQ';
  const isThird = isRabbit && /^[0-3]\./.test(String(version));
  const is = isRabbit
    ? isThird
      ? 'rabbitmq3'
      : 'rabbitmq'
    : product === 'ActiveMQ'
      ? 'activemq'
      : undefined;
  if (is === broker) return undefined;
  if (is === undefined)
    return `it is ${found}, and this transport knows RabbitMQ and ActiveMQ Classic`;
  return `it is ${found}: set broker to '${is}' instead of '${broker}'`;
}
