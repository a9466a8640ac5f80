import { eventsName, stageNames } from '../shop-channels.ts';
import type { LiveShop } from './live-shop.ts';
import type { Note, OfferState, ReaderState, Snapshot } from './snapshot.ts';

export interface PageParts {
  readonly shop: LiveShop;
  readonly offers: readonly OfferState[];
  readonly notes: readonly Note[];
  readonly badLines: number;
}

/** All of the page in one value. */
export function snapshotOf({ shop, offers, notes, badLines }: PageParts): Snapshot {
  const { leg, tally, meter, intake, broker, counts } = shop;
  const totals = tally.totals();
  const { missing, overtakenInDeadLetters } = tally.afterthoughts();
  const { p50Ms, p99Ms, ...rates } = meter.rates();
  const { retried, redelivered, leasesLost } = meter.counts;
  const { offer } = leg;
  return {
    at: Date.now(),
    transport: {
      id: offer.id,
      label: offer.label,
      name: leg.transport,
      runsOn: offer.runsOn,
      capabilities: { ...leg.capabilities },
    },
    offers,
    swap: shop.swapping,
    swaps: shop.swaps.slice(0, 8),
    readers: readersOf(shop),
    totals: {
      orders: counts.orders,
      badLines,
      published: totals.published,
      delivered: totals.delivered,
      inFlight: totals.outstanding,
      lost: missing,
      repeated: totals.repeated,
      outOfOrder: totals.outOfOrder,
      overtakenInDeadLetters,
      unexpected: totals.unexpected,
      deadLettered: totals.deadLettered,
      retried,
      redelivered,
      leasesLost,
      redriven: counts.redriven,
    },
    rates: { ...rates, p50Ms: p50Ms ?? null, p99Ms: p99Ms ?? null },
    intake: { ordersPerSecond: intake.ordersPerSecond, waiting: intake.waiting },
    broker: {
      isOurs: leg.station.broker !== undefined,
      state: broker.state,
      forgets: leg.station.broker?.forgets,
    },
    notes,
  };
}

/** Those of the transport in use, and those that only an earlier one had. */
function readersOf({ leg, tally, faults, retriedBy }: LiveShop): readonly ReaderState[] {
  const place = (reader: string): number => {
    const [channel = ''] = reader.split('/');
    return [...stageNames, eventsName].findIndex((name) => name === channel);
  };
  const known = new Set([...leg.readers, ...tally.readers.keys()]);
  return [...known]
    .toSorted((one, other) => place(one) - place(other))
    .map((reader) => {
      const [channel = '', group = ''] = reader.split('/');
      const stats = leg.consumers.get(reader)?.stats();
      const counted = tally.readers.get(reader);
      return {
        reader,
        channel,
        group,
        delivered: tally.deliveredTo.get(reader) ?? 0,
        inFlight: counted?.outstanding ?? 0,
        running: stats?.running ?? 0,
        waiting: stats?.waiting ?? 0,
        deadLettered: counted?.deadLettered ?? 0,
        retried: retriedBy.get(reader) ?? 0,
        isRead: leg.readers.includes(reader),
        consuming: leg.consumers.has(reader),
        handler: faults.mode(reader),
      };
    });
}
