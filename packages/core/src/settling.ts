import type { Capabilities } from './capabilities.ts';
import type { ConsumerCounters } from './consumer-engine.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { DeliveryHandle, Intent } from './delivery-handle.ts';
import type { SettleOutcome, Settlement } from './driver.ts';
import { IntermodalError, Rejection } from './error.ts';
import type { Held } from './held.ts';
import type { Lanes } from './lanes.ts';
import type { ResolvedRetryPolicy } from './retry-policy.ts';
import type { Telemetry } from './telemetry.ts';
import type { Wheel } from './wheel.ts';

export interface SettlingOptions {
  readonly channel: string;
  readonly group: string;
  readonly capabilities: Capabilities;
  readonly wheel: Wheel;
  readonly lanes: Lanes;
  readonly policy: ResolvedRetryPolicy;
  readonly localRetryMaxMs: number;
  readonly deadLetters: DeadLetters;
  readonly counters: ConsumerCounters;
  readonly telemetry: Telemetry | undefined;
  /** The broker has it, or it is lost; frees the slot once its handler has returned too. */
  readonly onSettled: (held: Held) => void;
  /** A local retry is due. */
  readonly onAgain: (held: Held) => void;
  /** Given back unstarted, by the way of a retry that takes its key's followers along. */
  readonly onGivenBack: (held: Held) => void;
}

/** What becomes of a delivery once it is decided: the broker's side of ack, retry, reject and release. */
export interface Settling {
  settle(handle: DeliveryHandle, intent: Intent): void;
  /** The handler threw `error`: by policy it comes again or goes to the dead letters. */
  fail(handle: DeliveryHandle, error: unknown): void;
  /** A local retry was asked for while the handler ran; it has returned now. */
  resumeRetry(handle: DeliveryHandle): void;
  /** Gives back one that no handler has seen, or whose local retry is not awaited any more. */
  release(held: Held, done: (given: boolean) => void): void;
}

export function createSettling(options: SettlingOptions): Settling {
  const { capabilities, wheel, lanes, policy, counters, telemetry, channel, group } = options;
  const { clock } = wheel;
  const watermark = capabilities.settle === 'watermark';
  const retries = new WeakMap<DeliveryHandle, number>();

  function about(held: Held): {
    channel: string;
    group: string;
    id: string;
    key: string | undefined;
    attempt: number;
  } {
    const attempt = held.handle?.attempt ?? held.wire.attempt ?? 1;
    return { channel, group, id: held.wire.message.id, key: held.wire.message.key, attempt };
  }

  /** Sends one settlement, never beside an extension that could undo it. */
  function send(held: Held, settlement: Settlement, done: (outcome: SettleOutcome) => void): void {
    const extending = held.epoch.leases.untrack(held);
    // A key's next message waits for this answer, so it does not wait for company.
    const urgent = held.orderKey !== undefined && lanes.followers(held).length > 0;
    if (extending === undefined) held.epoch.settler.add(settlement, urgent, done);
    else
      void extending.then(() => {
        if (held.lost) done('lost');
        else held.epoch.settler.add(settlement, true, done);
      });
  }

  function settle(handle: DeliveryHandle, intent: Intent): void {
    switch (intent.action) {
      case 'ack':
        ack(handle);
        return;
      case 'reject':
        void reject(handle, intent.reason);
        return;
      case 'retry':
        retry(handle, intent.delayMs ?? policy.delayMs(handle.attempt, intent.error), intent.error);
        return;
    }
  }

  function ack(handle: DeliveryHandle): void {
    const { held } = handle;
    if (watermark) {
      held.passed?.();
      conclude(handle, 'done', 'acked');
      return;
    }
    send(held, { token: held.wire.token, action: 'ack' }, (outcome) => {
      conclude(handle, outcome, 'acked');
    });
  }

  async function reject(handle: DeliveryHandle, reason: string): Promise<void> {
    const { held } = handle;
    const prepare = held.epoch.receiver.prepareDeadLetter;
    if (prepare !== undefined && !options.deadLetters.elsewhere) {
      let settlement: Settlement;
      try {
        const deadLetter = prepare(options.deadLetters.message(held, handle.attempt, reason));
        settlement = { token: held.wire.token, action: 'reject', reason, deadLetter };
      } catch (error) {
        keepForLater(handle, IntermodalError.from(error));
        return;
      }
      send(held, settlement, (outcome) => {
        conclude(handle, outcome, 'dead-lettered', reason);
      });
      return;
    }
    const failure = await options.deadLetters.store(held, handle.attempt, reason);
    if (held.lost) {
      conclude(handle, 'lost', 'dead-lettered');
      return;
    }
    if (failure !== undefined) {
      keepForLater(handle, failure);
      return;
    }
    if (watermark) {
      held.passed?.();
      conclude(handle, 'done', 'dead-lettered', reason);
      return;
    }
    send(held, { token: held.wire.token, action: 'ack' }, (outcome) => {
      conclude(handle, outcome, 'dead-lettered', reason);
    });
  }

  /** No dead letter could be stored: the message stays with the broker and comes again, it is never dropped. */
  function keepForLater(handle: DeliveryHandle, error: IntermodalError): void {
    telemetry?.({ type: 'dead-letter-failed', ...about(handle.held), error });
    handle.conclude(error);
    handle.intent = { action: 'retry', delayMs: undefined, error };
    retry(handle, policy.delayMs(handle.attempt, error), error);
  }

  function retry(handle: DeliveryHandle, delayMs: number, error: unknown): void {
    const { held } = handle;
    const now = clock.now();
    const withinLocal = now + delayMs - held.arrivedAt <= options.localRetryMaxMs;
    const local =
      capabilities.retry === 'local' ||
      (withinLocal &&
        !handle.abandoned &&
        (capabilities.retry === 'immediate' || held.orderKey !== undefined));
    counters.retried += 1;
    telemetry?.({ type: 'retried', ...about(held), delayMs, local, error });
    if (local) {
      handle.conclude('done');
      retries.set(handle, now + delayMs);
      if (!held.running) resumeRetry(handle);
      return;
    }
    if (capabilities.retry === 'immediate' && delayMs > 0) {
      // The broker cannot wait, so the delay is spent here.
      held.waiting = true;
      held.alarm.onDue = () => {
        held.waiting = false;
        retryAtBroker(handle, 0);
      };
      wheel.set(held.alarm, now + delayMs);
      return;
    }
    retryAtBroker(handle, delayMs);
  }

  function resumeRetry(handle: DeliveryHandle): void {
    const { held } = handle;
    const due = retries.get(handle);
    if (due === undefined || held.lost) return;
    held.waiting = true;
    held.alarm.onDue = () => {
      held.waiting = false;
      held.localRetries += 1;
      options.onAgain(held);
    };
    wheel.set(held.alarm, due);
  }

  /** The key's followers go back before it, in one batch and in order: none of them may be handled first. */
  function retryAtBroker(handle: DeliveryHandle, delayMs: number): void {
    const { held } = handle;
    const followers =
      held.orderKey === undefined
        ? []
        : lanes.remove(
            (other) =>
              other.orderKey === held.orderKey && other.epoch === held.epoch && other !== held,
          );
    const extending = [held, ...followers]
      .map((each) => each.epoch.leases.untrack(each))
      .filter((each) => each !== undefined);
    const settlement: Settlement = {
      token: held.wire.token,
      action: 'retry',
      delayMs,
      attempt: handle.attempt,
    };
    const go = (): void => {
      if (held.lost) {
        conclude(handle, 'lost', 'retried');
        return;
      }
      const done = (outcome: SettleOutcome): void => {
        conclude(handle, outcome, 'retried');
      };
      if (followers.length === 0) {
        held.epoch.settler.add(settlement, true, done);
        return;
      }
      held.epoch.settler.addInOrder([
        ...followers.map(
          (follower) =>
            [{ token: follower.wire.token, action: 'release' } as const, () => undefined] as const,
        ),
        [settlement, done],
      ]);
    };
    for (const follower of followers) {
      follower.settled = true;
      telemetry?.({ type: 'released', ...about(follower) });
      options.onGivenBack(follower);
    }
    if (extending.length === 0) go();
    else void Promise.all(extending).then(go);
  }

  function conclude(
    handle: DeliveryHandle,
    outcome: SettleOutcome,
    what: 'acked' | 'retried' | 'dead-lettered',
    reason?: string,
  ): void {
    const { held } = handle;
    if (outcome === 'done') {
      if (what === 'acked') {
        counters.acked += 1;
        if (telemetry !== undefined)
          telemetry({ type: 'acked', ...about(held), ms: clock.now() - held.startedAt });
      } else if (what === 'dead-lettered') {
        counters.deadLettered += 1;
        telemetry?.({ type: 'dead-lettered', ...about(held), reason: reason ?? '' });
      }
      handle.conclude('done');
    } else if (outcome === 'lost') {
      if (!held.lost) {
        held.lost = true;
        counters.leaseLost += 1;
        telemetry?.({ type: 'lease-lost', ...about(held) });
      }
      handle.abort(handle.leaseLost());
      handle.conclude(handle.leaseLost());
    } else {
      telemetry?.({ type: 'settle-failed', ...about(held), error: outcome.failed });
      handle.abort(outcome.failed);
      handle.conclude(outcome.failed);
    }
    held.settled = true;
    options.onSettled(held);
  }

  return {
    settle,
    resumeRetry,
    fail(handle, error) {
      if (error instanceof Rejection) {
        handle.intent = { action: 'reject', reason: error.reason };
        void reject(handle, error.reason);
        return;
      }
      if (handle.attempt >= policy.maxAttempts) {
        const reason = describeFailure(error);
        handle.intent = { action: 'reject', reason };
        void reject(handle, reason);
        return;
      }
      handle.intent = { action: 'retry', delayMs: undefined, error };
      retry(handle, policy.delayMs(handle.attempt, error), error);
    },
    release(held, done) {
      held.settled = true;
      if (held.waiting) wheel.cancel(held.alarm);
      const failed = held.waiting ? retries.get(held.handle!) : undefined;
      held.waiting = false;
      telemetry?.({ type: 'released', ...about(held) });
      const extending = held.epoch.leases.untrack(held);
      const native = capabilities.release === 'free' || capabilities.release === 'counted';
      if (!native || watermark) {
        done(true); // closing gives it back
        return;
      }
      const settlement: Settlement =
        failed !== undefined && capabilities.retry !== 'local'
          ? {
              token: held.wire.token,
              action: 'retry',
              delayMs: Math.max(0, failed - clock.now()),
              attempt: held.handle?.attempt ?? 1,
            }
          : { token: held.wire.token, action: 'release' };
      const go = (): void => {
        held.epoch.settler.add(settlement, true, (outcome) => {
          done(outcome === 'done');
        });
      };
      if (extending === undefined) go();
      else void extending.then(go);
    },
  };
}

const maxReason = 512;

/** What a dead letter says of a handler's error: its name and message, at most 512 characters. */
function describeFailure(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'the handler failed';
  return text.length > maxReason ? `${text.slice(0, maxReason - 1)}…` : text;
}
