import type { Token } from './driver.ts';

interface Mark {
  readonly token: Token;
  settled: boolean;
}

/** The deliveries of one lane of a log, in order, and how far all of them are settled. */
export interface Watermark {
  /** Adds the next delivery of the lane; the result is called when it is settled. */
  add(token: Token): () => void;
  /** The last token of the contiguous settled prefix since the last call; undefined if it has not moved. */
  take(): Token | undefined;
  /** Deliveries above the watermark, settled or not: what a crash would repeat. */
  readonly size: number;
}

export function createWatermark(): Watermark {
  let marks: Mark[] = [];
  let first = 0;
  let reached: Token | undefined;

  function advance(): void {
    for (let mark = marks[first]; mark !== undefined && mark.settled; mark = marks[first]) {
      reached = mark.token;
      first += 1;
    }
    // Forgetting the passed ones in one go keeps the cost per delivery constant.
    if (first > 256 && first * 2 > marks.length) {
      marks = marks.slice(first);
      first = 0;
    }
  }

  return {
    add(token) {
      const mark: Mark = { token, settled: false };
      marks.push(mark);
      return () => {
        if (mark.settled) return;
        mark.settled = true;
        if (marks[first] === mark) advance();
      };
    },
    take() {
      const token = reached;
      reached = undefined;
      return token;
    },
    get size() {
      return marks.length - first;
    },
  };
}
