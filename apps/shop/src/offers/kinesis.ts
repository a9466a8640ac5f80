import { emulators, emulatorUrl } from './emulators.ts';
import type { Offer } from './offer.ts';

export function kinesisOffers(): readonly Offer[] {
  const kinesisLocal = emulators({
    names: ['kinesis-local', 'dynalite'],
    forgets: 'everything',
  });
  return [
    {
      id: 'kinesis-local',
      label: 'Amazon Kinesis Data Streams',
      code: {
        module: '@intermodal/kinesis',
        factory: 'kinesisTransport',
        options: "{ region: 'eu-west-1' }",
      },
      runsOn: 'the emulators kinesis-local and dynalite, started by the shop',
      isReachable: () => Promise.resolve(true),
      start: () =>
        kinesisLocal.station((environment) =>
          emulatorUrl('kinesis', environment['INTERMODAL_KINESIS_LOCAL_ENDPOINT'], {
            leaseEndpoint: environment['INTERMODAL_DYNALITE_ENDPOINT'] ?? '',
            failoverMs: '3000',
            pollMs: '200',
            shards: '2',
          }),
        ),
    },
  ];
}
