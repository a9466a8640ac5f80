import type { Aim, Result } from './bench.ts';

/** `least` times the messages a second of the other. */
export function throughputBeside(theirs: string, least: number, ours: string): Aim {
  const much = least < 2 ? `${Math.round(least * 100)} % of` : `${least} times`;
  return {
    text: `at least ${much} the throughput of ${theirs}`,
    reached: compare(ours, theirs, (mine, its) => {
      const ratio = mine.messagesPerSecond / its.messagesPerSecond;
      return { figure: `× ${ratio.toFixed(2)}`, enough: ratio >= least };
    }),
  };
}

/** At most `most` times the client's CPU of the other. */
export function cpuBeside(theirs: string, most: number, ours: string): Aim {
  return {
    text: most === 1 ? `less CPU than ${theirs}` : `at most ${most} times the CPU of ${theirs}`,
    reached: compare(ours, theirs, (mine, its) => {
      const ratio = mine.cpuMsPer1000 / its.cpuMsPer1000;
      return {
        figure: `× ${ratio.toFixed(2)}`,
        enough: most === 1 ? ratio < most : ratio <= most,
      };
    }),
  };
}

export function requestsAtMost(most: number, ours: string): Aim {
  return {
    text: `at most ${most} requests for 1,000 messages`,
    reached(result) {
      const requests = result(ours)?.requestsPer1000;
      if (requests === undefined) return undefined;
      return { figure: requests.toFixed(1), enough: requests <= most };
    },
  };
}

/** Judges one contender beside another; nothing where one of them was not run. */
export function compare(
  ours: string,
  theirs: string,
  judge: (mine: Result, its: Result) => ReturnType<Aim['reached']>,
): Aim['reached'] {
  return (result) => {
    const mine = result(ours);
    const its = result(theirs);
    return mine === undefined || its === undefined ? undefined : judge(mine, its);
  };
}
