import { activemqOffers } from './activemq.ts';
import { aedesOffers } from './aedes.ts';
import { fauxqsOffers } from './fauxqs.ts';
import { givenOffer } from './given.ts';
import { kinesisOffers } from './kinesis.ts';
import { memoryOffers } from './memory.ts';
import { mosquittoOffers } from './mosquitto.ts';
import type { Offer } from './offer.ts';
import { rabbitmqOffers } from './rabbitmq.ts';

/** What the page offers. Brokers that the shop brings along are shared by the offers of one list. */
export function createOffers(): readonly Offer[] {
  return [
    ...memoryOffers(),
    ...fauxqsOffers(),
    ...kinesisOffers(),
    ...aedesOffers(),
    ...rabbitmqOffers(),
    ...activemqOffers(),
    ...mosquittoOffers(),
  ];
}

/** `name` is an id of the list, or a URL. */
export function offerOf(name: string, offers: readonly Offer[]): Offer {
  return offers.find(({ id }) => id === name.replace(/:$/, '')) ?? givenOffer(name);
}
