import type { Moment, Snapshot } from '../live/snapshot.ts';

/** The state of the shop as text, made once for all pages, however many messages there are. */
export interface Ticker {
  readonly latest: string;
  /** Resolves with the one after it, or with it when there will be none. */
  next(): Promise<string>;
  readonly history: readonly Moment[];
  stop(): void;
}

const everyMs = 250;
/** Two minutes of them. */
const mostMoments = 480;

export function startTicker(snapshot: () => Snapshot): Ticker {
  let history: readonly Moment[] = [];
  let latest = '';
  let waiting: ((text: string) => void)[] = [];

  function tell(): void {
    for (const resolve of waiting) resolve(latest);
    waiting = [];
  }

  function tick(): void {
    const now = snapshot();
    const { at, rates, totals, transport } = now;
    const moment = { at, ...rates, inFlight: totals.inFlight, transport: transport.label };
    history = [...history, moment].slice(-mostMoments);
    latest = JSON.stringify(now);
    tell();
  }

  tick();
  const timer = setInterval(tick, everyMs);
  return {
    get latest() {
      return latest;
    },
    get history() {
      return history;
    },
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
    stop() {
      clearInterval(timer);
      tell();
    },
  };
}
