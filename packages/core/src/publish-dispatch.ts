import { backoffMs } from './backoff.ts';
import { sendBounded } from './bounded-send.ts';
import type { Published } from './client-types.ts';
import type { Prepared, Sender, SendOutcome } from './driver.ts';
import { IntermodalError } from './error.ts';
import type { Pending } from './pending.ts';
import type { PublishErrors } from './publish-errors.ts';
import { createPublishLanes } from './publish-lanes.ts';
import type { Telemetry } from './telemetry.ts';
import { timer, type Wheel } from './wheel.ts';

export interface PublishDispatchOptions {
  readonly wheel: Wheel;
  readonly channel: string;
  readonly timeoutMs: number;
  readonly errors: PublishErrors;
  readonly telemetry: Telemetry | undefined;
  /** Undefined while there is no connection. */
  readonly sender: () => Sender | undefined;
  /** The caller's answer; a second one is ignored. */
  readonly finish: (
    pending: Pending,
    published: Published | undefined,
    error?: IntermodalError,
  ) => void;
  /** Nothing more is owed for it: its place is free. */
  readonly free: (pending: Pending) => void;
  /** Places may have become free. */
  readonly onFree: () => void;
}

/** Sends what is prepared: batches, partial failures, back-off. */
export interface PublishDispatch {
  /** Into its lane. */
  push(pending: Pending): void;
  /** Sends what may be sent, at the end of this turn. */
  schedule(): void;
  flush(): void;
  /** Takes it out, wherever it is; one being sent only leaves when its answer is there. */
  drop(pending: Pending): void;
  /** All but those being sent. */
  idle(): readonly Pending[];
  sending(): readonly Pending[];
  /** Sends nothing more and ends what is under way. */
  halt(error: IntermodalError): void;
}

const firstRetryMs = 50;
const maxRetryMs = 5_000;

export function createPublishDispatch(options: PublishDispatchOptions): PublishDispatch {
  const { wheel, telemetry, errors, channel } = options;
  const { clock } = wheel;
  const lanes = createPublishLanes();
  const calls = new Map<readonly Pending[], AbortController>();
  let throttles = 0;
  let pausedUntil = 0;
  let scheduled = false;
  let halted = false;
  const resume = timer(flush);
  const linger = timer(flush);

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      flush();
    });
  }

  function flush(): void {
    const sender = options.sender();
    if (sender === undefined || halted) return;
    const { limits } = sender;
    while (calls.size < limits.maxInFlight && lanes.ready.first !== undefined) {
      const now = clock.now();
      if (now < pausedUntil) {
        wheel.set(resume, pausedUntil);
        return;
      }
      if (limits.lingerMs > 0 && calls.size > 0 && lanes.readyCount < limits.maxBatchCount) {
        const lingerUntil = lanes.ready.first.since + limits.lingerMs;
        if (now < lingerUntil) {
          wheel.set(linger, lingerUntil);
          return;
        }
      }
      send(sender, lanes.take(limits));
    }
  }

  function send(sender: Sender, taken: readonly Pending[]): void {
    const batch: Pending[] = [];
    const prepared: Prepared[] = [];
    for (const pending of taken) {
      const form = formFor(sender, pending);
      if (form === undefined) continue;
      pending.sending = true;
      batch.push(pending);
      prepared.push(form);
    }
    if (batch.length === 0) return;
    const call = sendBounded(sender, prepared, wheel, options.timeoutMs, (outcomes) => {
      calls.delete(batch);
      onOutcomes(batch, outcomes);
    });
    calls.set(batch, call);
  }

  /** Its form for this connection: one that was prepared for an earlier one is made anew. */
  function formFor(sender: Sender, pending: Pending): Prepared | undefined {
    if (pending.preparedBy === sender) return pending.prepared;
    try {
      pending.prepared = sender.prepare(pending.message);
      pending.preparedBy = sender;
      return pending.prepared;
    } catch (cause) {
      const error = IntermodalError.from(cause);
      conclude(pending, undefined, pending.uncertain ? errors.uncertain(error) : error);
      return undefined;
    }
  }

  function onOutcomes(batch: readonly Pending[], outcomes: readonly SendOutcome[]): void {
    const again: Pending[] = [];
    let throttledMs: number | undefined;
    let index = 0;
    for (const pending of batch) {
      const outcome = outcomes[index] ?? errors.missingOutcome();
      index += 1;
      pending.sending = false;
      if (outcome.ok) {
        const { brokerId, position } = outcome;
        conclude(pending, { id: pending.message.id, brokerId, position });
        continue;
      }
      if (outcome.certainty === 'unknown') pending.uncertain = true;
      const { error } = outcome;
      if (pending.settled || halted || (outcome.certainty === 'rejected' && !error.retryable)) {
        conclude(pending, undefined, pending.uncertain ? errors.uncertain(error) : error);
        continue;
      }
      pending.lastError = error;
      pending.failures += 1;
      pending.retryAfterMs = outcome.retryAfterMs ?? 0;
      if (error.code === 'throttled')
        throttledMs = Math.max(throttledMs ?? 0, pending.retryAfterMs);
      again.push(pending);
    }
    slowDown(throttledMs);
    for (const pending of lanes.hold(again)) park(pending);
    options.onFree();
    flush();
  }

  /** A throttled address is left alone for a while, not only the messages that were refused. */
  function slowDown(afterMs: number | undefined): void {
    if (afterMs === undefined) {
      throttles = 0;
      return;
    }
    throttles += 1;
    const delayMs = Math.max(afterMs, backoffMs(clock, throttles, firstRetryMs, maxRetryMs));
    pausedUntil = Math.max(pausedUntil, clock.now() + delayMs);
  }

  /** Holds a failed one, and its lane with it, until it is sent again. */
  function park(pending: Pending): void {
    const step = backoffMs(clock, pending.failures, firstRetryMs, maxRetryMs);
    const delayMs = Math.max(pending.retryAfterMs, step);
    if (telemetry !== undefined && pending.lastError !== undefined) {
      const { id, key } = pending.message;
      telemetry({ type: 'publish-retried', channel, id, key, delayMs, error: pending.lastError });
    }
    pending.parked = timer(() => {
      pending.parked = undefined;
      lanes.unhold(pending);
      flush();
    });
    wheel.set(pending.parked, clock.now() + delayMs);
  }

  function conclude(
    pending: Pending,
    published: Published | undefined,
    error?: IntermodalError,
  ): void {
    options.finish(pending, published, error);
    drop(pending);
  }

  function drop(pending: Pending): void {
    if (pending.parked !== undefined) wheel.cancel(pending.parked);
    pending.parked = undefined;
    lanes.remove(pending);
    options.free(pending);
  }

  return {
    push: lanes.push,
    schedule,
    flush,
    drop,
    idle: lanes.all,
    sending: () => [...calls.keys()].flat(),
    halt(error) {
      halted = true;
      wheel.cancel(resume);
      wheel.cancel(linger);
      for (const call of calls.values()) call.abort(error);
    },
  };
}
