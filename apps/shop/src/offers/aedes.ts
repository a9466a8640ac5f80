import { emulators, emulatorUrl } from './emulators.ts';
import type { Offer } from './offer.ts';

export function aedesOffers(): readonly Offer[] {
  const aedes = emulators({ names: ['aedes'], forgets: 'everything' });
  return [
    {
      id: 'aedes',
      label: 'aedes, MQTT 3.1.1',
      code: {
        module: '@intermodal/mqtt',
        factory: 'mqttTransport',
        options: "{ broker: 'aedes', protocol: '3.1.1' }",
      },
      runsOn: 'the broker aedes, started by the shop',
      isReachable: () => Promise.resolve(true),
      start: () =>
        aedes.station((environment) =>
          emulatorUrl('mqtt', environment['INTERMODAL_AEDES_URL'], {
            broker: 'aedes',
            protocol: '3.1.1',
          }),
        ),
    },
  ];
}
