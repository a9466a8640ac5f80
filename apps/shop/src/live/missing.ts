import type { Tally } from '../tally.ts';

export interface MissingOptions {
  readonly tally: Pick<Tally, 'writeOff'>;
  /** How long a delivery may take that nothing holds up. */
  readonly patienceMs: () => number;
  /** Whether nothing holds up deliveries now. */
  readonly isQuiet: () => boolean;
  readonly note: (text: string) => void;
}

const checkMs = 1_000;

/** Takes for lost what does not come although nothing holds it up. */
export function createMissing({ tally, patienceMs, isQuiet, note }: MissingOptions): {
  readonly stop: () => void;
} {
  let quietSince: number | undefined;
  const timer = setInterval(() => {
    const now = performance.now();
    if (!isQuiet()) {
      quietSince = undefined;
      return;
    }
    quietSince ??= now;
    const patience = patienceMs();
    if (now - quietSince < patience) return;
    const count = tally.writeOff(now - patience);
    if (count > 0)
      note(`${count} deliveries are lost: they did not come within ${patience / 1_000} s.`);
  }, checkMs);
  return {
    stop() {
      clearInterval(timer);
    },
  };
}
