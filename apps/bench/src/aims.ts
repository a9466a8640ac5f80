import type { Aim, Result } from './bench.ts';

export function cpuBesideHand(intermodal: string, hand: string): Aim {
  return {
    text: 'client CPU at most 1.05 times that of the loop by hand',
    reached: (result) =>
      both(result(intermodal), result(hand), (mine, its) => {
        const ratio = mine.cpuMsPer1000 / its.cpuMsPer1000;
        return { figure: `× ${ratio.toFixed(2)}`, enough: ratio <= 1.05 };
      }),
  };
}

export function requestsAtMost(most: number, intermodal: string): Aim {
  return {
    text: `at most ${most} requests for 1,000 messages`,
    reached(result) {
      const requests = result(intermodal)?.requestsPer1000;
      if (requests === undefined) return undefined;
      return { figure: requests.toFixed(1), enough: requests <= most };
    },
  };
}

/** Nothing where one of them was not run. */
export function both<T>(
  one: Result | undefined,
  other: Result | undefined,
  compare: (one: Result, other: Result) => T,
): T | undefined {
  return one === undefined || other === undefined ? undefined : compare(one, other);
}
