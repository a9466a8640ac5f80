import { foundBroker } from './found-broker.ts';
import type { Offer } from './offer.ts';

export const mosquittoOffers = (): readonly Offer[] => [
  foundBroker({
    id: 'mosquitto',
    label: 'Mosquitto, MQTT 5',
    product: 'Mosquitto',
    name: 'mosquitto',
    variable: 'INTERMODAL_MOSQUITTO_URL',
    usualUrl: 'mqtt://127.0.0.1:1883',
    code: {
      module: '@intermodal/mqtt',
      factory: 'mqttTransport',
      options: "{ broker: 'mosquitto', protocol: '5' }",
    },
    parameters: { broker: 'mosquitto', protocol: '5' },
  }),
];
