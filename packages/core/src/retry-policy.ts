import type { RetryPolicy } from './consumer-types.ts';
import type { Clock } from './clock.ts';
import { backoffMs } from './backoff.ts';
import { defaults } from './defaults.ts';
import { IntermodalError } from './error.ts';

export interface ResolvedRetryPolicy {
  readonly maxAttempts: number;
  readonly delayMs: (attempt: number, error: unknown) => number;
}

/** @throws `invalid-argument` */
export function resolveRetryPolicy(
  policy: RetryPolicy | undefined,
  clock: Clock,
): ResolvedRetryPolicy {
  const maxAttempts = policy?.maxAttempts ?? defaults.maxAttempts;
  if (!(Number.isInteger(maxAttempts) && maxAttempts >= 1)) {
    throw new IntermodalError(
      'invalid-argument',
      `retry.maxAttempts must be a whole number from 1, not ${maxAttempts}`,
    );
  }
  const own = policy?.delayMs;
  return {
    maxAttempts,
    delayMs(attempt, error) {
      const delayMs =
        own === undefined
          ? backoffMs(clock, attempt, defaults.retryFirstDelayMs, defaults.retryMaxDelayMs)
          : own(attempt, error);
      return delayMs >= 0 && Number.isFinite(delayMs) ? delayMs : defaults.retryFirstDelayMs;
    },
  };
}
