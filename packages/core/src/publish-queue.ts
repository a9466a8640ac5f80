import { backoffMs } from './backoff.ts';
import type { Published } from './client-types.ts';
import type { Prepared, Sender, SendOutcome, WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { createLink } from './link.ts';
import { createPublishLanes } from './publish-lanes.ts';
import {
  createPending,
  type Pending,
  takeNext,
  unlink,
  append,
  type PendingList,
} from './pending.ts';
import { createPublishErrors } from './publish-errors.ts';
import type { Telemetry } from './telemetry.ts';
import { timer, type Wheel } from './wheel.ts';

export interface PublishQueueOptions {
  readonly wheel: Wheel;
  /** For error messages: `sqs queue 'orders'`. */
  readonly place: string;
  readonly transport: string;
  readonly channel: string;
  readonly open: (signal: AbortSignal) => Promise<Sender>;
  readonly maxPendingMessages: number;
  readonly maxPendingBytes: number;
  readonly operationTimeoutMs: number;
  readonly telemetry: Telemetry | undefined;
}

/** Publishes to one address: coalesces, keeps lanes in order, sends again what failed, and bounds what is pending. */
export interface PublishQueue {
  /** Resolves when the broker has taken responsibility. `timeoutMs` bounds it in all. */
  add(message: WireMessage, timeoutMs: number, signal: AbortSignal | undefined): Promise<Published>;
  /** Opens the connection; rejects with what makes it impossible, such as `not-found`. */
  ready(signal: AbortSignal): Promise<void>;
  /** Waits until every publish has settled, up to the signal; then settles the rest and closes. */
  close(signal: AbortSignal): Promise<void>;
}

const firstRetryMs = 50;
const maxRetryMs = 5_000;

export function createPublishQueue(options: PublishQueueOptions): PublishQueue {
  const { wheel, telemetry, place, transport } = options;
  const { clock } = wheel;
  const errors = createPublishErrors(transport, place);
  const waiting: PendingList = { first: undefined, last: undefined };
  const unprepared: PendingList = { first: undefined, last: undefined };
  const lanes = createPublishLanes();
  const openWaiters = new Set<{ resolve: () => void; reject: (error: IntermodalError) => void }>();
  const idleWaiters = new Set<() => void>();
  /** Admitted and not settled by the broker yet, given up ones in flight included: they still hold memory. */
  let admitted = 0;
  let admittedBytes = 0;
  let unsettled = 0;
  let inFlight = 0;
  let pausedUntil = 0;
  let throttles = 0;
  let flushing = false;
  let closed = false;
  const resume = timer(flush);
  const linger = timer(flush);
  const sends = new Map<AbortController, readonly Pending[]>();

  const link = createLink<Sender>({
    wheel,
    timeoutMs: options.operationTimeoutMs,
    open: options.open,
    discard: (sender) => void sender.close(),
    wanted: () => unsettled > 0 || openWaiters.size > 0,
    onUp() {
      telemetry?.({ type: 'opened', side: 'sender', channel: options.channel });
      for (const waiter of openWaiters) waiter.resolve();
      openWaiters.clear();
      for (
        let pending = takeNext(unprepared);
        pending !== undefined;
        pending = takeNext(unprepared)
      )
        enqueue(pending);
      flush();
    },
    onDown: () => undefined,
    onRetry: (delayMs, error) =>
      telemetry?.({ type: 'reopening', side: 'sender', channel: options.channel, delayMs, error }),
    onRefused(error) {
      for (const waiter of openWaiters) waiter.reject(error);
      openWaiters.clear();
      failAll(error);
    },
  });

  function add(
    message: WireMessage,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Published> {
    const sender = link.current;
    let prepared: Prepared | undefined;
    if (sender !== undefined) {
      try {
        prepared = sender.prepare(message);
      } catch (error) {
        return Promise.reject(IntermodalError.from(error, { transport }));
      }
    }
    if (closed) return Promise.reject(errors.closed());
    return new Promise((resolve, reject) => {
      const pending = createPending(message, clock.now(), resolve, reject);
      pending.prepared = prepared;
      pending.preparedBy = sender;
      pending.timeoutMs = timeoutMs;
      unsettled += 1;
      pending.onDue = () => {
        giveUp(pending, 'timeout');
      };
      wheel.set(pending, pending.since + timeoutMs);
      if (signal !== undefined) {
        const onAbort = (): void => {
          giveUp(pending, 'aborted');
        };
        signal.addEventListener('abort', onAbort, { once: true });
        pending.unlisten = () => {
          signal.removeEventListener('abort', onAbort);
        };
      }
      if (waiting.first !== undefined || isFull()) append(waiting, pending);
      else admit(pending);
    });
  }

  function isFull(): boolean {
    return (
      admitted >= options.maxPendingMessages ||
      (admittedBytes >= options.maxPendingBytes && admitted > 0)
    );
  }

  function admit(pending: Pending): void {
    pending.admittedBytes = pending.prepared?.bytes ?? pending.message.body.length;
    admitted += 1;
    admittedBytes += pending.admittedBytes;
    if (link.current === undefined) {
      append(unprepared, pending);
      link.ensure();
      return;
    }
    enqueue(pending);
    schedule();
  }

  /** Into its lane, in the form that the open sender understands. */
  function enqueue(pending: Pending): void {
    const sender = link.current;
    if (sender === undefined) {
      append(unprepared, pending);
      return;
    }
    if (pending.preparedBy !== sender) {
      try {
        pending.prepared = sender.prepare(pending.message);
        pending.preparedBy = sender;
      } catch (error) {
        finish(pending, undefined, IntermodalError.from(error, { transport }));
        discharge(pending);
        return;
      }
    }
    lanes.push(pending);
  }

  function schedule(): void {
    if (flushing) return;
    flushing = true;
    queueMicrotask(() => {
      flushing = false;
      flush();
    });
  }

  function flush(): void {
    const sender = link.current;
    if (sender === undefined) {
      if (unsettled > 0) link.ensure();
      return;
    }
    const now = clock.now();
    if (now < pausedUntil) {
      wheel.set(resume, pausedUntil);
      return;
    }
    const { limits } = sender;
    while (inFlight < limits.maxInFlight && lanes.ready.first !== undefined) {
      if (limits.lingerMs > 0 && inFlight > 0 && lanes.readyCount < limits.maxBatchCount) {
        const lingerUntil = lanes.ready.first.since + limits.lingerMs;
        if (now < lingerUntil) {
          wheel.set(linger, lingerUntil);
          return;
        }
      }
      send(sender, lanes.take(limits));
    }
  }

  function send(sender: Sender, batch: readonly Pending[]): void {
    inFlight += 1;
    const controller = new AbortController();
    sends.set(controller, batch);
    const tooSlow = timer(() => {
      controller.abort(
        new IntermodalError(
          'timeout',
          `${place} did not answer within ${options.operationTimeoutMs} ms`,
        ),
      );
      // A driver that does not answer even its own signal must not hold the lane for ever.
      settleBatch(unknownOutcomes(batch, controller.signal.reason));
    });
    let settled = false;
    const settleBatch = (outcomes: readonly SendOutcome[]): void => {
      if (settled) return;
      settled = true;
      inFlight -= 1;
      sends.delete(controller);
      wheel.cancel(tooSlow);
      onOutcomes(batch, outcomes);
    };
    wheel.set(tooSlow, clock.now() + options.operationTimeoutMs);
    const prepared: Prepared[] = [];
    for (const pending of batch) {
      pending.sending = true;
      prepared.push(pending.prepared as Prepared);
    }
    sender.send(prepared, controller.signal).then(settleBatch, (error: unknown) => {
      settleBatch(unknownOutcomes(batch, error));
    });
  }

  function unknownOutcomes(batch: readonly Pending[], cause: unknown): SendOutcome[] {
    const error = IntermodalError.from(cause, { code: 'unknown', retryable: true, transport });
    return batch.map(() => ({ ok: false, certainty: 'unknown', error }));
  }

  function onOutcomes(batch: readonly Pending[], outcomes: readonly SendOutcome[]): void {
    let throttled: { error: IntermodalError; afterMs: number } | undefined;
    const again: Pending[] = [];
    for (let index = 0; index < batch.length; index += 1) {
      const pending = batch[index]!;
      const outcome: SendOutcome = outcomes[index] ?? errors.missingOutcome();
      pending.sending = false;
      if (outcome.ok) {
        finish(
          pending,
          { id: pending.message.id, brokerId: outcome.brokerId, position: outcome.position },
          undefined,
        );
        discharge(pending);
        continue;
      }
      if (outcome.certainty === 'unknown') pending.uncertain = true;
      const worthwhile = outcome.certainty === 'unknown' || outcome.error.retryable;
      if (pending.settled || !worthwhile) {
        finish(
          pending,
          undefined,
          pending.uncertain ? errors.uncertain(outcome.error) : outcome.error,
        );
        discharge(pending);
        continue;
      }
      pending.lastError = outcome.error;
      pending.failures += 1;
      if (outcome.error.code === 'throttled')
        throttled = { error: outcome.error, afterMs: outcome.retryAfterMs ?? 0 };
      pending.retryAfterMs = outcome.retryAfterMs ?? 0;
      again.push(pending);
    }
    const now = clock.now();
    if (throttled === undefined) throttles = 0;
    else {
      throttles += 1;
      pausedUntil = Math.max(
        pausedUntil,
        now + Math.max(throttled.afterMs, backoffMs(clock, throttles, firstRetryMs, maxRetryMs)),
      );
    }
    for (const pending of lanes.hold(again)) {
      const delayMs = Math.max(
        pending.retryAfterMs,
        backoffMs(clock, pending.failures, firstRetryMs, maxRetryMs),
      );
      telemetry?.({
        type: 'publish-retried',
        channel: options.channel,
        id: pending.message.id,
        key: pending.message.key,
        delayMs,
        error: pending.lastError as IntermodalError,
      });
      park(pending, now + delayMs);
    }
    refill();
    flush();
  }

  /** Holds a failed one, and its lane, until it is sent again. */
  function park(pending: Pending, until: number): void {
    pending.parked = timer(() => {
      pending.parked = undefined;
      if (link.current !== undefined && pending.preparedBy !== link.current) {
        try {
          pending.prepared = link.current.prepare(pending.message);
          pending.preparedBy = link.current;
        } catch (error) {
          finish(
            pending,
            undefined,
            pending.uncertain
              ? errors.uncertain(IntermodalError.from(error))
              : IntermodalError.from(error, { transport }),
          );
          discharge(pending);
          return;
        }
      }
      lanes.unhold(pending);
      flush();
    });
    wheel.set(pending.parked, until);
  }

  function giveUp(pending: Pending, why: 'timeout' | 'aborted' | 'closed'): void {
    if (pending.settled) return;
    const handedOver = pending.sending || pending.uncertain;
    finish(
      pending,
      undefined,
      handedOver
        ? errors.uncertain(pending.lastError, why)
        : errors.notSent(why, pending.timeoutMs, pending.lastError),
    );
    if (pending.sending) return; // its outcome is still to come, and holds the lane until then
    if (pending.admittedBytes < 0) {
      unlink(waiting, pending);
      return;
    }
    discharge(pending);
    refill();
    flush();
  }

  /** Tells the caller; what the broker still owes is settled by `discharge`. */
  function finish(
    pending: Pending,
    published: Published | undefined,
    error: IntermodalError | undefined,
  ): void {
    if (pending.settled) return;
    pending.settled = true;
    unsettled -= 1;
    wheel.cancel(pending);
    pending.unlisten?.();
    if (published !== undefined) {
      if (telemetry !== undefined)
        telemetry({
          type: 'published',
          channel: options.channel,
          id: published.id,
          key: pending.message.key,
          ms: clock.now() - pending.since,
          bytes: pending.admittedBytes,
        });
      pending.resolve(published);
    } else if (error !== undefined) {
      telemetry?.({
        type: 'publish-failed',
        channel: options.channel,
        id: pending.message.id,
        key: pending.message.key,
        ms: clock.now() - pending.since,
        error,
      });
      pending.reject(error);
    }
    if (unsettled === 0) for (const resolve of idleWaiters) resolve();
  }

  /** Frees its place and lets its lane go on. */
  function discharge(pending: Pending): void {
    if (pending.admittedBytes < 0) return;
    if (pending.parked !== undefined) wheel.cancel(pending.parked);
    pending.parked = undefined;
    admitted -= 1;
    admittedBytes -= pending.admittedBytes;
    pending.admittedBytes = -1;
    if (pending.list === unprepared) unlink(unprepared, pending);
    else lanes.remove(pending);
  }

  function refill(): void {
    while (waiting.first !== undefined && !isFull()) {
      const next = takeNext(waiting);
      if (next !== undefined) admit(next);
    }
  }

  function failAll(error: IntermodalError): void {
    for (const list of [unprepared, waiting]) {
      for (let pending = list.first; pending !== undefined; pending = list.first) {
        unlink(list, pending);
        finish(pending, undefined, pending.uncertain ? errors.uncertain(error) : error);
        discharge(pending);
      }
    }
    for (const pending of lanes.all()) {
      if (pending.sending) continue;
      finish(pending, undefined, pending.uncertain ? errors.uncertain(error) : error);
      discharge(pending);
    }
  }

  return {
    add,
    ready(signal) {
      if (link.current !== undefined) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const waiter = { resolve, reject };
        openWaiters.add(waiter);
        signal.addEventListener('abort', () => {
          openWaiters.delete(waiter);
          reject(
            IntermodalError.from(signal.reason, { code: 'timeout', transport, address: place }),
          );
        });
        link.ensure();
      });
    },
    async close(signal) {
      closed = true;
      if (unsettled > 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          idleWaiters.add(resolve);
          signal.addEventListener('abort', () => {
            resolve();
          });
        });
      }
      const sender = link.current;
      for (const list of [waiting, unprepared])
        for (let pending = list.first; pending !== undefined; pending = list.first)
          giveUp(pending, 'closed');
      for (const pending of lanes.all()) giveUp(pending, 'closed');
      for (const [controller, batch] of sends) {
        for (const pending of batch) giveUp(pending, 'closed');
        controller.abort(errors.closed());
      }
      wheel.cancel(resume);
      wheel.cancel(linger);
      for (const waiter of openWaiters) waiter.reject(errors.closed());
      openWaiters.clear();
      link.close();
      await sender?.close();
    },
  };
}
