import type { OfferState } from '../live/snapshot.ts';
import type { Offer } from './offer.ts';

const everyMs = 5_000;

/** Looks again and again which offers can be reached. */
export async function watchOffers(
  offers: readonly Offer[],
): Promise<{ readonly states: readonly OfferState[]; readonly stop: () => void }> {
  let states = await look(offers);
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look(offers).then((now) => {
      states = now;
      looking = false;
    });
  }, everyMs);
  return {
    get states() {
      return states;
    },
    stop() {
      clearInterval(timer);
    },
  };
}

function look(offers: readonly Offer[]): Promise<readonly OfferState[]> {
  return Promise.all(
    offers.map(async ({ id, label, runsOn, howToStart, isReachable }) => ({
      id,
      label,
      runsOn,
      howToStart,
      isReachable: await isReachable(),
    })),
  );
}
