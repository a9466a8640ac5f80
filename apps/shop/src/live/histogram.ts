/** Counts of milliseconds in buckets that grow with the value: within 5 %, from 1 ms to some ten minutes. */
export interface Histogram {
  add(ms: number): void;
  addAll(other: Histogram): void;
  /** Undefined where nothing was counted. */
  quantile(share: number): number | undefined;
  clear(): void;
  readonly counts: Uint32Array;
}

const growth = 1.05;
const buckets = 280;

export function createHistogram(): Histogram {
  const counts = new Uint32Array(buckets);
  return {
    counts,
    add(ms) {
      const bucket = ms <= 1 ? 0 : Math.ceil(Math.log(ms) / Math.log(growth));
      const index = Math.min(bucket, buckets - 1);
      counts[index] = (counts[index] ?? 0) + 1;
    },
    addAll(other) {
      other.counts.forEach((count, index) => {
        counts[index] = (counts[index] ?? 0) + count;
      });
    },
    quantile(share) {
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (total === 0) return undefined;
      const wanted = Math.ceil(total * share);
      let seen = 0;
      const bucket = counts.findIndex((count) => {
        seen += count;
        return seen >= wanted;
      });
      return growth ** bucket;
    },
    clear() {
      counts.fill(0);
    },
  };
}
