import { type Emulators, emulators, emulatorUrl } from './emulators.ts';
import type { Offer } from './offer.ts';

/** Both kinds of queue on one emulator. */
export function sqsOffers(): readonly Offer[] {
  const fauxqs = emulators({ names: ['fauxqs'], forgets: 'nothing' });
  return [
    sqsOffer(fauxqs, 'fauxqs', 'Amazon SQS, standard', false),
    sqsOffer(fauxqs, 'fauxqs-fifo', 'Amazon SQS, FIFO', true),
  ];
}

function sqsOffer(fauxqs: Emulators, id: string, label: string, fifo: boolean): Offer {
  return {
    id,
    label,
    code: {
      module: '@intermodal/sqs',
      factory: 'sqsTransport',
      options: fifo ? "{ region: 'eu-west-1', fifo: true }" : "{ region: 'eu-west-1' }",
    },
    runsOn: 'the emulator fauxqs, started by the shop',
    isReachable: () => Promise.resolve(true),
    start: () =>
      fauxqs.station((environment) =>
        // Short polls and leases, so that it is quickly seen what a stop and a lost broker come to.
        emulatorUrl('sqs', environment['INTERMODAL_FAUXQS_ENDPOINT'], {
          fifo: String(fifo),
          leaseMs: '5000',
          waitSeconds: '2',
        }),
      ),
  };
}
