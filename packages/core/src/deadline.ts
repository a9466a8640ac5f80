import { IntermodalError } from './error.ts';
import { timer, type Wheel } from './wheel.ts';

/** The end of a stop's time. A later call can only bring it nearer: who asks for less must not wait for who asked for more. */
export interface Deadline {
  readonly signal: AbortSignal;
  within(ms: number): void;
  /** It is no longer needed. */
  cancel(): void;
}

export function createDeadline(wheel: Wheel): Deadline {
  const controller = new AbortController();
  const overdue = timer(end);
  let at = Infinity;

  function end(): void {
    controller.abort(new IntermodalError('timeout', 'the deadline of stop has passed'));
  }

  return {
    signal: controller.signal,
    within(ms) {
      const due = wheel.clock.now() + ms;
      if (due >= at) return;
      at = due;
      if (ms > 0) wheel.set(overdue, due);
      else end();
    },
    cancel() {
      wheel.cancel(overdue);
    },
  };
}
