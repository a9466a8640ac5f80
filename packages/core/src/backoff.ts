import type { Clock } from './clock.ts';

/** Exponential with jitter: half of the step is fixed, half random, so that many clients do not come back at once. */
export function backoffMs(clock: Clock, attempt: number, baseMs: number, maxMs: number): number {
  const step = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return step / 2 + clock.random() * (step / 2);
}
