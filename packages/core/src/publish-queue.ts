import type { Published } from './client-types.ts';
import type { Prepared, Sender, WireMessage } from './driver.ts';
import { IntermodalError } from './error.ts';
import { within } from './deferred.ts';
import { createLink } from './link.ts';
import {
  append,
  createPending,
  keepPrepared,
  listed,
  type Pending,
  type PendingList,
  takeNext,
  unlink,
} from './pending.ts';
import { createPublishDispatch } from './publish-dispatch.ts';
import { createPublishErrors, type GaveUp } from './publish-errors.ts';
import type { Telemetry } from './telemetry.ts';
import type { Timer, Wheel } from './wheel.ts';

export interface PublishQueueOptions {
  readonly wheel: Wheel;
  /** For error messages: `'orders' on sqs`. */
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
  /** Resolves when the broker has taken responsibility. `timeoutMs` bounds it in all, from `now` on. */
  add(
    message: WireMessage,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    now?: number,
  ): Promise<Published>;
  /** Opens the connection; rejects with what makes it impossible, such as `not-found`. */
  ready(signal: AbortSignal): Promise<void>;
  /** Waits until every publish has settled, up to the signal; then settles the rest and closes. */
  close(signal: AbortSignal): Promise<void>;
}

export function createPublishQueue(options: PublishQueueOptions): PublishQueue {
  const { wheel, telemetry, place, transport, channel } = options;
  const { clock } = wheel;
  const errors = createPublishErrors(transport, place);
  /** Beyond the bound: not even prepared, unless the connection was open. */
  const waiting: PendingList = { first: undefined, last: undefined };
  /** Within the bound, for a connection that is not open. */
  const unprepared: PendingList = { first: undefined, last: undefined };
  const openWaiters = new Set<{ resolve: () => void; reject: (error: IntermodalError) => void }>();
  const idleWaiters = new Set<() => void>();
  /** Within the bound: those that were given up count until the broker's answer, since they still hold memory. */
  let admitted = 0;
  let admittedBytes = 0;
  /** Whose callers wait. */
  let unsettled = 0;
  let closed = false;

  const link = createLink<Sender>({
    wheel,
    timeoutMs: options.operationTimeoutMs,
    open: options.open,
    discard: (sender) => void sender.close(),
    wanted: () => unsettled > 0 || openWaiters.size > 0,
    onUp() {
      telemetry?.({ type: 'opened', side: 'sender', channel });
      for (const waiter of openWaiters) waiter.resolve();
      openWaiters.clear();
      for (let next = takeNext(unprepared); next !== undefined; next = takeNext(unprepared))
        enqueue(next);
      refill();
      dispatch.flush();
    },
    onDown: () => undefined,
    onRetry: (delayMs, error) =>
      telemetry?.({ type: 'reopening', side: 'sender', channel, delayMs, error }),
    onRefused(error) {
      for (const waiter of openWaiters) waiter.reject(error);
      openWaiters.clear();
      failAll(error);
    },
  });

  const dispatch = createPublishDispatch({
    wheel,
    channel,
    timeoutMs: options.operationTimeoutMs,
    errors,
    telemetry,
    sender() {
      if (link.current === undefined && unsettled > 0) link.ensure();
      return link.current;
    },
    finish,
    free,
    onFree: refill,
  });

  function add(
    message: WireMessage,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    now: number = clock.now(),
  ): Promise<Published> {
    if (closed) return Promise.reject(errors.closed());
    const sender = link.current;
    let prepared: Prepared | undefined;
    if (sender !== undefined) {
      try {
        prepared = sender.prepare(message);
      } catch (error) {
        return Promise.reject(IntermodalError.from(error, { transport, address: place }));
      }
    }
    return new Promise((resolve, reject) => {
      const pending = createPending(message, now, resolve, reject);
      if (prepared !== undefined) keepPrepared(pending, prepared, sender);
      pending.timeoutMs = timeoutMs;
      unsettled += 1;
      pending.onDue = onDue;
      wheel.set(pending, pending.since + timeoutMs);
      if (signal !== undefined) listen(pending, signal);
      if (waiting.first !== undefined || isFull()) append(waiting, pending);
      else admit(pending);
    });
  }

  function onDue(due: Timer): void {
    giveUp(due as Pending, 'timeout');
  }

  function listen(pending: Pending, signal: AbortSignal): void {
    const onAbort = (): void => {
      giveUp(pending, 'aborted');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    pending.unlisten = () => {
      signal.removeEventListener('abort', onAbort);
    };
  }

  function isFull(): boolean {
    if (admitted >= options.maxPendingMessages) return true;
    return admitted > 0 && admittedBytes >= options.maxPendingBytes;
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
    dispatch.schedule();
  }

  /** Into its lane, in the form that the open connection understands. */
  function enqueue(pending: Pending): void {
    const sender = link.current;
    if (sender !== undefined && pending.preparedBy !== sender) {
      try {
        keepPrepared(pending, sender.prepare(pending.message), sender);
      } catch (error) {
        finish(pending, undefined, IntermodalError.from(error, { transport, address: place }));
        free(pending);
        return;
      }
    }
    dispatch.push(pending);
  }

  function giveUp(pending: Pending, why: GaveUp): void {
    if (pending.settled) return;
    const handedOver = pending.sending || pending.uncertain;
    const error = handedOver
      ? errors.uncertain(pending.lastError, why)
      : errors.notSent(why, pending.timeoutMs, pending.lastError);
    finish(pending, undefined, error);
    if (pending.sending) return; // its answer is still to come, and holds its lane until then
    discard(pending);
    refill();
    dispatch.flush();
  }

  /** Takes it out of wherever it waits. */
  function discard(pending: Pending): void {
    if (pending.list === waiting) {
      unlink(waiting, pending);
    } else if (pending.list === unprepared) {
      unlink(unprepared, pending);
      free(pending);
    } else dispatch.drop(pending);
  }

  /** Tells the caller. */
  function finish(
    pending: Pending,
    published: Published | undefined,
    error?: IntermodalError,
  ): void {
    if (pending.settled) return;
    pending.settled = true;
    unsettled -= 1;
    wheel.cancel(pending);
    pending.unlisten?.();
    if (published !== undefined) pending.resolve(published);
    else pending.reject(error ?? errors.closed());
    if (telemetry !== undefined) tell(pending, telemetry, error);
    if (unsettled === 0) for (const resolve of idleWaiters) resolve();
  }

  function tell(pending: Pending, to: Telemetry, error: IntermodalError | undefined): void {
    const { id, key } = pending.message;
    const ms = clock.now() - pending.since;
    if (error !== undefined) to({ type: 'publish-failed', channel, id, key, ms, error });
    else to({ type: 'published', channel, id, key, ms, bytes: pending.prepared?.bytes ?? 0 });
  }

  function free(pending: Pending): void {
    if (pending.admittedBytes < 0) return;
    admitted -= 1;
    admittedBytes -= pending.admittedBytes;
    pending.admittedBytes = -1;
  }

  function refill(): void {
    while (waiting.first !== undefined && !isFull()) {
      const next = takeNext(waiting);
      if (next !== undefined) admit(next);
    }
  }

  /** What is being sent is left to its answer. */
  function failAll(error: IntermodalError): void {
    for (const pending of [...listed(waiting), ...listed(unprepared), ...dispatch.idle()]) {
      finish(pending, undefined, pending.uncertain ? errors.uncertain(error) : error);
      discard(pending);
    }
  }

  function untilIdle(signal: AbortSignal): Promise<void> {
    if (unsettled === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      idleWaiters.add(resolve);
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
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
      await untilIdle(signal);
      const left = [
        ...listed(waiting),
        ...listed(unprepared),
        ...dispatch.idle(),
        ...dispatch.sending(),
      ];
      dispatch.halt(errors.closed());
      for (const pending of left) giveUp(pending, 'closed');
      for (const waiter of openWaiters) waiter.reject(errors.closed());
      openWaiters.clear();
      const sender = link.current;
      link.close();
      if (sender !== undefined)
        await within(wheel, options.operationTimeoutMs, sender.close(), undefined);
    },
  };
}
