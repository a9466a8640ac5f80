import { startOwnBroker, tlsFilesOf } from '@intermodal/brokers';
import type { Place } from './place.ts';

function place(
  name: string,
  broker: 'mosquitto' | 'activemq',
  variable: string,
  protocol: '3.1.1' | '5',
): Place {
  return {
    name,
    orders: 300,
    isOrdered: true,
    groups: 'many',
    async start() {
      const own = await startOwnBroker(broker);
      const { environment } = own;
      const url = new URL(environment[`INTERMODAL_${broker.toUpperCase()}_${variable}`] ?? '');
      url.search = new URLSearchParams({ broker, protocol }).toString();
      // The shop is a process of its own, which trusts what it is told to there.
      process.env['NODE_EXTRA_CA_CERTS'] = tlsFilesOf(broker, environment).ca;
      return { url: url.href, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
    },
  };
}

/** By its name, as nothing needs to be there. */
export const embeddedPlace: Place = {
  name: 'aedes, MQTT 3.1.1, started by the shop',
  orders: 300,
  isOrdered: false,
  groups: 'many',
  start: () => Promise.resolve({ url: 'aedes', [Symbol.asyncDispose]: () => Promise.resolve() }),
};

export const mqttPlaces: readonly Place[] = [
  place('Mosquitto, MQTT 5', 'mosquitto', 'URL', '5'),
  place('ActiveMQ, MQTT 3.1.1 over TLS', 'activemq', 'MQTT_TLS_URL', '3.1.1'),
  place('Mosquitto, MQTT 5 over WebSockets and TLS', 'mosquitto', 'WSS_URL', '5'),
];
