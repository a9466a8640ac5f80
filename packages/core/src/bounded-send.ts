import type { Prepared, Sender, SendOutcome } from './driver.ts';
import { IntermodalError } from './error.ts';
import { timer, type Wheel } from './wheel.ts';

// A driver answers its aborted signal; one that does not must not hold a lane for ever.
const graceMs = 1_000;

/** One call of `send` with a bound: `onOutcomes` is called once, whatever the driver does. */
export function sendBounded(
  sender: Sender,
  batch: readonly Prepared[],
  wheel: Wheel,
  timeoutMs: number,
  onOutcomes: (outcomes: readonly SendOutcome[]) => void,
): AbortController {
  const controller = new AbortController();
  let over = false;

  function end(outcomes: readonly SendOutcome[]): void {
    if (over) return;
    over = true;
    wheel.cancel(bound);
    onOutcomes(outcomes);
  }

  function unknown(cause: unknown): void {
    const error = IntermodalError.from(cause, { code: 'unknown', retryable: true });
    end(batch.map(() => ({ ok: false, certainty: 'unknown', error })));
  }

  const bound = timer(() => {
    if (controller.signal.aborted) {
      unknown(controller.signal.reason);
      return;
    }
    const text = `no answer to a publish within ${timeoutMs} ms`;
    wheel.set(bound, wheel.clock.now() + graceMs);
    controller.abort(new IntermodalError('timeout', text, { retryable: true }));
  });
  wheel.set(bound, wheel.clock.now() + timeoutMs);
  sender.send(batch, controller.signal).then(end, unknown);
  return controller;
}
