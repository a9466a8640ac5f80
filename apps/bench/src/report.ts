import type { Bench, Result } from './bench.ts';

/** A bench as people read it: a row for each contender, CPU first, with its ratio to the first one. */
export function table(bench: Bench, results: readonly Result[]): string {
  const [baseline] = results;
  if (baseline === undefined) return '';
  const withRequests = results.some((result) => result.requestsPer1000 !== undefined);
  const head = [
    'contender',
    'CPU ms/1,000',
    'ratio',
    ...(withRequests ? ['requests/1,000'] : []),
    'messages/s',
    'ratio',
    'p50 ms',
    'p99 ms',
    'peak MB',
  ];
  const rows = results.map((result) => [
    result.contender,
    result.cpuMsPer1000.toFixed(3),
    ratio(result.cpuMsPer1000, baseline.cpuMsPer1000),
    ...(withRequests ? [result.requestsPer1000?.toFixed(1) ?? '–'] : []),
    Math.round(result.messagesPerSecond).toLocaleString('en'),
    ratio(result.messagesPerSecond, baseline.messagesPerSecond),
    milliseconds(result.p50Ms),
    milliseconds(result.p99Ms),
    result.peakMb.toFixed(0),
  ]);
  return [`${bench.name}: ${bench.title}`, ...aligned([head, ...rows]), ...notes(results)].join(
    '\n',
  );
}

/** What was aimed at, and what came out. */
export function aims(bench: Bench, results: readonly Result[]): readonly string[] {
  const result = (contender: string): Result | undefined =>
    results.find((each) => each.contender === contender);
  return (bench.aims ?? []).flatMap(({ text, reached }) => {
    const found = reached(result);
    if (found === undefined) return [];
    return [`${found.enough ? 'reached' : 'SHORT'}: ${text}: ${found.figure}`];
  });
}

function notes(results: readonly Result[]): readonly string[] {
  return results.flatMap(({ contender, notes: figures = {} }) =>
    Object.entries(figures).map(
      ([name, value]) => `${contender}, ${name}: ${value.toLocaleString('en')}`,
    ),
  );
}

/** 0 is not measured. */
function milliseconds(value: number): string {
  return value === 0 ? '–' : value.toFixed(2);
}

function ratio(value: number, baseline: number): string {
  return baseline === 0 ? '–' : `× ${(value / baseline).toFixed(2)}`;
}

/** The first column to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}
