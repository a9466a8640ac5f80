import { type Emulators, emulators, emulatorUrl } from './emulators.ts';
import type { Offer, OfferCode } from './offer.ts';

interface Kind {
  readonly id: string;
  readonly label: string;
  readonly scheme: 'sns' | 'sqs';
  readonly fifo: boolean;
}

const kinds: readonly Kind[] = [
  { id: 'fauxqs', label: 'Amazon SQS, standard', scheme: 'sqs', fifo: false },
  { id: 'fauxqs-fifo', label: 'Amazon SQS, FIFO', scheme: 'sqs', fifo: true },
  { id: 'fauxqs-sns', label: 'Amazon SNS, standard', scheme: 'sns', fifo: false },
  { id: 'fauxqs-sns-fifo', label: 'Amazon SNS, FIFO', scheme: 'sns', fifo: true },
];

/** Queues and topics of both kinds on one emulator. */
export function fauxqsOffers(): readonly Offer[] {
  const fauxqs = emulators({ names: ['fauxqs'], forgets: 'nothing' });
  return kinds.map((kind) => offerOf(fauxqs, kind));
}

function offerOf(fauxqs: Emulators, kind: Kind): Offer {
  const { id, label, scheme, fifo } = kind;
  return {
    id,
    label,
    code: codeOf(kind),
    runsOn: 'the emulator fauxqs, started by the shop',
    isReachable: () => Promise.resolve(true),
    start: () =>
      fauxqs.station((environment) =>
        // Short polls and leases, so that it is quickly seen what a stop and a lost broker come to.
        emulatorUrl(scheme, environment['INTERMODAL_FAUXQS_ENDPOINT'], {
          fifo: String(fifo),
          leaseMs: '5000',
          waitSeconds: '2',
        }),
      ),
  };
}

function codeOf({ scheme, fifo }: Kind): OfferCode {
  return {
    module: `@intermodal/${scheme}`,
    factory: `${scheme}Transport`,
    options: fifo ? "{ region: 'eu-west-1', fifo: true }" : "{ region: 'eu-west-1' }",
  };
}
