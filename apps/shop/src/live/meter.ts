import { createHistogram } from './histogram.ts';

/** What happened lately, and since the beginning. */
export interface Meter {
  published(count: number): void;
  /** A handler is done with a message that was published so long ago, where that is known. */
  handled(afterMs: number | undefined): void;
  readonly counts: Record<'retried' | 'redelivered' | 'leasesLost', number>;
  rates(): Rates;
}

export interface Rates {
  readonly publishedPerSecond: number;
  readonly handledPerSecond: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

const slotMs = 250;
/** The last three seconds count: short enough to see a fault, long enough for a quantile. */
const slots = 12;

export function createMeter(now: () => number = () => performance.now()): Meter {
  const ring = Array.from({ length: slots }, () => ({
    of: -1,
    published: 0,
    handled: 0,
    latencies: createHistogram(),
  }));

  function slot(): (typeof ring)[number] | undefined {
    const of = Math.floor(now() / slotMs);
    const found = ring[of % slots];
    if (found === undefined || found.of === of) return found;
    Object.assign(found, { of, published: 0, handled: 0 });
    found.latencies.clear();
    return found;
  }

  return {
    counts: { retried: 0, redelivered: 0, leasesLost: 0 },
    published(count) {
      const current = slot();
      if (current !== undefined) current.published += count;
    },
    handled(afterMs) {
      const current = slot();
      if (current === undefined) return;
      current.handled += 1;
      if (afterMs !== undefined) current.latencies.add(afterMs);
    },
    rates() {
      const current = Math.floor(now() / slotMs);
      const recent = ring.filter(({ of }) => of > current - slots && of < current);
      const latencies = createHistogram();
      for (const each of recent) latencies.addAll(each.latencies);
      const seconds = ((slots - 1) * slotMs) / 1_000;
      const sum = (of: 'published' | 'handled'): number =>
        recent.reduce((total, each) => total + each[of], 0) / seconds;
      return {
        publishedPerSecond: sum('published'),
        handledPerSecond: sum('handled'),
        p50Ms: latencies.quantile(0.5),
        p99Ms: latencies.quantile(0.99),
      };
    },
  };
}
