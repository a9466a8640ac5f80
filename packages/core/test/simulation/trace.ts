import { epochMs } from './event-loop.ts';
import { hashText } from './random.ts';

/** What happened, one line each: for reading a failed run, and for proving that two runs were the same. */
export interface Trace {
  add(text: string): void;
  readonly lines: readonly string[];
  hash(): number;
}

export function createTrace(now: () => number): Trace {
  const lines: string[] = [];
  return {
    add(text) {
      lines.push(`${(now() - epochMs).toFixed(0).padStart(8)}  ${text}`);
    },
    lines,
    hash: () => lines.reduce((hash, line) => hashText(line, hash), 0),
  };
}
