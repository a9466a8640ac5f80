import type { Broker } from '../broker.ts';
import { activemqBroker } from '../activemq/activemq-broker.ts';

/** ActiveMQ Classic as Maven Central has it: what consumers refuse is a dead letter at once. */
const plain = activemqBroker({
  name: 'activemq',
  offers: 'ActiveMQ 5.18: AMQP 1.0, STOMP, MQTT, OpenWire, WebSocket, TLS (Maven Central)',
  refused: 'dead-letter',
  members: ['broker'],
});

const redelivering = activemqBroker({
  name: 'activemq-redelivery',
  offers: 'the same with a redeliveryPlugin: three redeliveries, a second apart',
  onlyByName: true,
  refused: 'redelivery',
  members: ['broker'],
});

const pair = activemqBroker({
  name: 'activemq-pair',
  offers: 'two of them on one store, `first` and `second`: an active and a standby',
  onlyByName: true,
  refused: 'dead-letter',
  members: ['first', 'second'],
});

export const brokers: readonly Broker[] = [plain, redelivering, pair];
