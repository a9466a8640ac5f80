import type { Aim, Result } from './bench.ts';

export function asFastAs(least: number, ours: string, theirs: string): Aim {
  return {
    text: `at least ${Math.round(least * 100)} % of the throughput of ${theirs}`,
    reached: compare(ours, theirs, (mine, its) => {
      const ratio = mine.messagesPerSecond / its.messagesPerSecond;
      return { figure: `× ${ratio.toFixed(2)}`, enough: ratio >= least };
    }),
  };
}

export function lessCpuThan(ours: string, theirs: string): Aim {
  return {
    text: `less CPU than ${theirs}`,
    reached: compare(ours, theirs, (mine, its) => {
      const ratio = mine.cpuMsPer1000 / its.cpuMsPer1000;
      return { figure: `× ${ratio.toFixed(2)}`, enough: ratio < 1 };
    }),
  };
}

function compare(
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
