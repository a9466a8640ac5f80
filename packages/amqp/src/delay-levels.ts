import { IntermodalError } from '@intermodal/core/driver';

/** The queue of a level outlives its last message by this. */
export const spareMs = 7_200_000;

// Queue arguments are unsigned 32-bit numbers of milliseconds, and the queue must outlive its messages.
const maxDelayMs = 2 ** 32 - 1 - spareMs;

/**
 * The delay in two significant digits, rounded up: a queue per level, so that no message waits behind a later one, and
 * few levels.
 *
 * @throws `invalid-argument`
 */
export function levelOf(delayMs: number): number {
  const whole = Math.ceil(delayMs);
  const step = 10 ** Math.max(0, String(whole).length - 2);
  const level = Math.ceil(whole / step) * step;
  if (level <= maxDelayMs) return level;
  const days = Math.floor(maxDelayMs / 86_400_000);
  throw new IntermodalError(
    'invalid-argument',
    `a message cannot be delayed by ${delayMs} ms: ${days} days are the most`,
    { transport: 'amqp' },
  );
}
