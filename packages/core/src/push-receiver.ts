import type { Order } from './capabilities.ts';
import { type Channel, checkName } from './channel.ts';
import type { ConsumeMiddleware } from './client-options.ts';
import { type Clock, systemClock } from './clock.ts';
import { defaultCloudEventsPrefix } from './cloud-events.ts';
import type { RetryPolicy, StopReport } from './consumer-types.ts';
import { decodeBody, unwrapMessage } from './decode.ts';
import { defaults } from './defaults.ts';
import type { DeliveryBase } from './delivery.ts';
import type { WireMessage } from './driver.ts';
import { IntermodalError, Rejection } from './error.ts';
import { failureReason } from './failure-reason.ts';
import { wireNames } from './header-packing.ts';
import { createPushHandle, type PushHandle, type PushIntent } from './push-delivery.ts';
import { createPushLanes } from './push-lanes.ts';
import { resolveRetryPolicy } from './retry-policy.ts';
import { checkNumber, checkWhole } from './settings.ts';

export interface PushReceiverOptions {
  /** Deliveries taken at once; those beyond it are answered at once with `over-capacity`. */
  readonly capacity: number;
  /** @defaultValue the channel's name */
  readonly group?: string | undefined;
  /** Attempts count only where the sender tells them. */
  readonly retry?: RetryPolicy | undefined;
  /** Outermost first. */
  readonly middleware?: readonly ConsumeMiddleware[] | undefined;
  /** What CloudEvents attribute names begin with among headers. @defaultValue `ce-` */
  readonly cloudEventsPrefix?: string | undefined;
  /** Only for tests. @defaultValue `systemClock` */
  readonly clock?: Clock | undefined;
}

/** One message that a broker or service pushed here. */
export interface PushDelivery {
  readonly message: WireMessage;
  /** Milliseconds from now until the answer must be there; then it is `retry` and the handler's signal aborts. */
  readonly deadlineMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** 1 is the first; left out where the sender does not count, and then attempts never run out. */
  readonly attempt?: number | undefined;
  readonly redelivered?: boolean | undefined;
  /** Deliveries of one lane are handled one after the other; when one is to be retried, so are those behind it. */
  readonly lane?: string | undefined;
  readonly undecodable?: IntermodalError | undefined;
  readonly native?: unknown;
}

/** What to answer the sender. */
export type PushOutcome =
  | { readonly action: 'ack' }
  /** `delayMs` where the handler or the retry policy asks for one; `error` is why. */
  | { readonly action: 'retry'; readonly delayMs?: number; readonly error?: unknown }
  /** Never again: the caller stores it as a dead letter, then acks. */
  | { readonly action: 'reject'; readonly reason: string }
  /** Not taken; an HTTP endpoint answers 503. */
  | { readonly action: 'over-capacity' };

export interface PushReceiver extends AsyncDisposable {
  /** Deliveries taken whose handlers have not returned. */
  readonly running: number;
  /**
   * Resolves when the handler has returned, at the latest at the delivery's deadline. Never rejects for a message.
   *
   * @throws `invalid-argument` for a deadline that is no number
   */
  receive(delivery: PushDelivery): Promise<PushOutcome>;
  /**
   * Takes nothing more and resolves when every handler has returned, or at the deadline: then signals abort and what is
   * not settled is answered with `retry`. Calling it again gives the same promise.
   *
   * @defaultValue `deadlineMs` 30,000
   */
  close(options?: { readonly deadlineMs?: number }): Promise<StopReport>;
}

interface Taken {
  handle: PushHandle | undefined;
  /** Ends the wait for the handler. */
  readonly giveUp: (error: IntermodalError) => void;
}

// setTimeout takes more for 1 ms.
const longestTimerMs = 2_147_483_647;

const overCapacity: PushOutcome = { action: 'over-capacity' };

/**
 * Handles what HTTP endpoints and functions are sent. It decodes and validates as a consumer does, and turns each
 * delivery into the answer to give: return is `ack`, throw is `retry` by policy, a thrown `Rejection` is `reject`.
 *
 * @throws `invalid-argument`
 */
export function createPushReceiver<I, O, N extends Order>(
  channel: Channel<I, O, N>,
  options: PushReceiverOptions,
  handler: (delivery: DeliveryBase<O>) => Promise<void> | void,
): PushReceiver {
  const { capacity, group = channel.name, cloudEventsPrefix = defaultCloudEventsPrefix } = options;
  const clock = options.clock ?? systemClock;
  checkWhole('capacity', capacity, 1);
  checkName('group', group);
  const policy = resolveRetryPolicy(options.retry, clock);
  const middleware = options.middleware ?? [];
  const source = channel as Channel<unknown, unknown, Order>;
  const lanes = createPushLanes();
  const taken = new Set<Taken>();
  let closing: Promise<StopReport> | undefined;
  let completed = 0;
  let onIdle: (() => void) | undefined;

  async function receive(delivery: PushDelivery): Promise<PushOutcome> {
    checkNumber('deadlineMs', delivery.deadlineMs, -Infinity);
    if (closing !== undefined || taken.size >= capacity) return overCapacity;
    if (delivery.undecodable !== undefined) return rejected(delivery.undecodable);
    if (delivery.message.headers.has(wireNames.control)) return { action: 'ack' };
    return new Promise((resolve) => {
      const answer = lanes.enter(delivery.lane);
      const onDeadline = (): void => {
        const text = `the handler of '${channel.name}' did not return within ${delivery.deadlineMs} ms`;
        entry.giveUp(new IntermodalError('timeout', text, { address: channel.name }));
      };
      const stopTimer = clock.setTimer(onDeadline, Math.min(delivery.deadlineMs, longestTimerMs));
      const onAbort = (): void => {
        const text = 'the sender no longer waits for the answer';
        entry.giveUp(new IntermodalError('aborted', text, { address: channel.name }));
      };
      delivery.signal?.addEventListener('abort', onAbort, { once: true });
      let isAnswered = false;
      const finish = (outcome: PushOutcome): void => {
        if (isAnswered) return;
        isAnswered = true;
        stopTimer();
        delivery.signal?.removeEventListener('abort', onAbort);
        entry.handle?.answered();
        answer.answered(outcome.action !== 'retry');
        resolve(outcome);
      };
      const entry: Taken = {
        handle: undefined,
        giveUp(error) {
          entry.handle?.abort(error);
          finish(outcomeOf(entry.handle?.intent ?? retryFor(error), delivery.attempt));
        },
      };
      taken.add(entry);
      if (delivery.signal?.aborted === true) onAbort();
      else if (delivery.deadlineMs <= 0) onDeadline();
      void run(delivery, entry, answer.turn, () => isAnswered)
        .then((outcome) => {
          if (closing !== undefined && !isAnswered) completed += 1;
          finish(outcome);
        })
        .finally(() => {
          taken.delete(entry);
          answer.left();
          if (taken.size === 0) onIdle?.();
        });
    });
  }

  /** Never rejects. */
  async function run(
    delivery: PushDelivery,
    entry: Taken,
    turn: Promise<'go' | 'behind a retry'> | undefined,
    isAnswered: () => boolean,
  ): Promise<PushOutcome> {
    if (turn !== undefined && (await turn) === 'behind a retry') return { action: 'retry' };
    if (isAnswered()) return { action: 'retry' };
    let handle: PushHandle;
    try {
      const message = unwrapMessage(source, delivery.message, cloudEventsPrefix);
      const body = await decodeBody(source, message);
      if (isAnswered()) return { action: 'retry' };
      const attempt = delivery.attempt ?? 1;
      const redelivered = delivery.redelivered ?? attempt > 1;
      handle = createPushHandle({
        message,
        body,
        group,
        attempt,
        redelivered,
        native: delivery.native,
      });
    } catch (error) {
      return rejected(IntermodalError.from(error, { code: 'invalid-message' }));
    }
    entry.handle = handle;
    try {
      await call(handle.delivery as DeliveryBase<O>);
      handle.settle({ action: 'ack' });
    } catch (error) {
      handle.settle(intentOf(error, delivery.attempt));
    }
    return outcomeOf(handle.intent ?? { action: 'ack' }, delivery.attempt);
  }

  /** Through the middleware, outermost first. */
  async function call(delivery: DeliveryBase<O>): Promise<void> {
    let next = async (): Promise<void> => {
      await handler(delivery);
    };
    for (const layer of middleware.toReversed()) {
      const inner = next;
      next = async () => {
        await layer(delivery, inner);
      };
    }
    await next();
  }

  function intentOf(error: unknown, attempt: number | undefined): PushIntent {
    if (error instanceof Rejection) return { action: 'reject', reason: error.reason };
    const isLast = attempt !== undefined && attempt >= policy.maxAttempts;
    return isLast ? { action: 'reject', reason: failureReason(error) } : retryFor(error);
  }

  function outcomeOf(intent: PushIntent, attempt: number | undefined): PushOutcome {
    if (intent.action !== 'retry') return intent;
    const { error } = intent;
    const delayMs = intent.delayMs ?? policy.delayMs(attempt ?? 1, error);
    return { action: 'retry', delayMs, ...(error === undefined ? {} : { error }) };
  }

  async function end(deadlineMs: number): Promise<StopReport> {
    if (taken.size > 0) await idleWithin(deadlineMs);
    const text = `the push receiver of '${channel.name}' was closed before the handler returned`;
    const report = { completed, released: 0, abandoned: taken.size };
    for (const entry of taken) {
      entry.giveUp(new IntermodalError('closed', text, { address: channel.name }));
    }
    return report;
  }

  function idleWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stopTimer = clock.setTimer(resolve, ms);
      onIdle = () => {
        stopTimer();
        resolve();
      };
    });
  }

  function close(closeOptions: { readonly deadlineMs?: number } = {}): Promise<StopReport> {
    const { deadlineMs = defaults.stopDeadlineMs } = closeOptions;
    closing ??= end(deadlineMs);
    return closing;
  }

  return {
    get running() {
      return taken.size;
    },
    receive,
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

function retryFor(error: unknown): PushIntent {
  return { action: 'retry', delayMs: undefined, error };
}

function rejected(error: IntermodalError): PushOutcome {
  return { action: 'reject', reason: error.message };
}
