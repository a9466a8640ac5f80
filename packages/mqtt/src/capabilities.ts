import type { MqttBroker, MqttProtocol } from './engine.ts';
import { engines } from './engine.ts';

interface Every {
  readonly receive: true;
  readonly groups: 'many';
  readonly settle: 'message';
  readonly ackConfirmed: false;
  readonly attempts: 'local';
  readonly release: 'by-closing';
  readonly retry: 'local';
  readonly lease: false;
  readonly delay: false;
  readonly priority: false;
  readonly dedupe: false;
  readonly replay: false;
}

type Envelope = 'cloudevents' | 'none';

/**
 * Several members at once keep no order, bodies without an envelope carry no key, and aedes sends what is new before what
 * a session holds.
 */
type OrderedAs<
  B extends MqttBroker,
  P extends MqttProtocol,
  M extends string | undefined,
  E extends Envelope | undefined,
  Fact,
> = B extends 'aedes'
  ? 'none'
  : M extends undefined
    ? P extends '5'
      ? Fact
      : E extends 'none'
        ? 'none'
        : Fact
    : 'none';

/**
 * What follows from the options, for the compiler; a `broker` or `protocol` that is not literal gives unions, never the
 * optimistic half.
 */
export interface MqttCapabilities<
  B extends MqttBroker = MqttBroker,
  P extends MqttProtocol = MqttProtocol,
  M extends string | undefined = string | undefined,
  E extends Envelope | undefined = Envelope | undefined,
> extends Every {
  readonly members?: 'one';
  readonly order: OrderedAs<B, P, M, E, 'key'>;
  readonly isolation: OrderedAs<B, P, M, E, 'window'>;
  /** Mosquitto confirms what it saves later, EMQX keeps sessions in memory unless it is told not to, and aedes always. */
  readonly durable: B extends 'mosquitto' | 'emqx' | 'aedes' ? false : true;
  /**
   * Acks that are held back for those before them come too late for a connection that ends; aedes repeats some of what a
   * session held when it is resumed under traffic.
   */
  readonly duplicates: B extends 'mosquitto' | 'activemq' | 'rabbitmq' ? 'on-fault' : 'possible';
  readonly ttl: P extends '5' ? true : false;
  readonly headers: P extends '5' ? 'native' : 'envelope';
}

const every: Every = {
  receive: true,
  groups: 'many',
  settle: 'message',
  ackConfirmed: false,
  attempts: 'local',
  release: 'by-closing',
  retry: 'local',
  lease: false,
  delay: false,
  priority: false,
  dedupe: false,
  replay: false,
};

export interface Kind {
  readonly broker: MqttBroker;
  readonly protocol: MqttProtocol;
  readonly member: string | undefined;
  readonly envelope: Envelope;
}

export function isOrdered({ broker, protocol, member, envelope }: Kind): boolean {
  if (!engines[broker].resumesFirst) return false;
  return member === undefined && (protocol === '5' || envelope === 'cloudevents');
}

export function capabilitiesOf(kind: Kind): MqttCapabilities {
  const { broker, protocol, member } = kind;
  const { ackOrder, durable, resumesFirst } = engines[broker];
  return {
    ...every,
    ...(member === undefined ? { members: 'one' } : {}),
    ...(isOrdered(kind)
      ? { order: 'key', isolation: 'window' }
      : { order: 'none', isolation: 'none' }),
    durable,
    duplicates: ackOrder === 'any' && resumesFirst ? 'on-fault' : 'possible',
    ttl: protocol === '5',
    headers: protocol === '5' ? 'native' : 'envelope',
  };
}
