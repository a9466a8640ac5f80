import type { ConsumerPlan } from './consumer-plan.ts';
import type { DeliveryHandle, Intent } from './delivery-handle.ts';
import type { SettleOutcome, Settlement } from './driver.ts';
import { IntermodalError, Rejection } from './error.ts';
import { failureReason } from './failure-reason.ts';
import type { Held } from './held.ts';
import type { Lanes } from './lanes.ts';
import { createRetrying } from './retrying.ts';
import type { ConsumerCounters } from './runner.ts';
import type { Settled } from './settler.ts';

export interface SettlingOptions {
  readonly plan: ConsumerPlan;
  readonly lanes: Lanes;
  readonly counters: ConsumerCounters;
  /** The broker has it, or it is lost; frees the slot once its handler has returned too. */
  readonly onSettled: (held: Held) => void;
  /** A local retry is due. */
  readonly onAgain: (held: Held) => void;
  /** Given back unstarted, by the way of a retry that takes its key's followers along. */
  readonly onGivenBack: (held: Held) => void;
  /** Whether its lane is being handed over, so that nothing of it is worth keeping. */
  readonly isLeaving: (held: Held) => boolean;
  readonly onLeft: (held: Held) => void;
  /** It has failed as often as it may, and is tried again all the same. */
  readonly onBlocked: (held: Held, error: unknown) => void;
  /** The broker refuses its settlement for good, and without a lease brings it again to the next connection only. */
  readonly onStuck: (held: Held, error: IntermodalError) => void;
}

/** What became of a delivery. */
export type Fate = 'acked' | 'retried' | 'dead-lettered';

/** What becomes of a delivery once it is decided: the broker's side of ack, retry, reject and release. */
export interface Settling {
  settle(handle: DeliveryHandle, intent: Intent): void;
  /** The handler threw `error`: by policy it comes again or goes to the dead letters. */
  fail(handle: DeliveryHandle, error: unknown): void;
  /** It cannot be understood. */
  refuse(handle: DeliveryHandle, error: IntermodalError): void;
  /** A retry was asked for while the handler ran, or behind another of its key: it takes its course now. */
  resumeRetry(held: Held): void;
  /** Gives back one that no handler has seen, or whose local retry is not awaited any more. */
  release(held: Held, done: (given: boolean) => void): void;
}

export function createSettling(options: SettlingOptions): Settling {
  const { plan, lanes, counters } = options;
  const { capabilities, wheel, policy, telemetry, channel, group, deadLetters } = plan;
  const watermark = capabilities.settle === 'watermark';
  const retrying = createRetrying({ ...options, conclude, about });

  function about(held: Held): {
    readonly channel: string;
    readonly group: string;
    readonly id: string;
    readonly key: string | undefined;
    readonly attempt: number;
  } {
    const { id, key } = held.handle ?? held.wire.message;
    return { channel, group, id, key, attempt: held.handle?.attempt ?? held.wire.attempt ?? 1 };
  }

  /** Sends one settlement, never beside an extension that could undo it. */
  function send<S>(held: Held, settlement: Settlement, done: Settled<S>, subject: S): void {
    const extending = held.epoch.leases.untrack(held);
    // A key's next message waits for this answer; and where nothing else is under way, no company will come.
    const urgent = (counters.running === 0 && lanes.readyCount === 0) || lanes.hasFollowers(held);
    if (extending === undefined) {
      held.epoch.settler.add(settlement, urgent, done, subject);
      return;
    }
    void extending.then(() => {
      if (held.lost) done('lost', subject);
      else held.epoch.settler.add(settlement, true, done, subject);
    });
  }

  /** Nothing more is to be done with it: the broker, or the watermark of its lane, may pass it. */
  function pass(handle: DeliveryHandle, fate: Fate, reason?: string): void {
    const { held } = handle;
    if (watermark) {
      held.passed?.();
      conclude(handle, 'done', fate, reason);
      return;
    }
    const ack: Settlement = { token: held.wire.token, action: 'ack' };
    if (fate === 'acked') {
      send(held, ack, onAcked, handle);
      return;
    }
    const done = (outcome: SettleOutcome): void => {
      conclude(handle, outcome, fate, reason);
    };
    send(held, ack, done, undefined);
  }

  function onAcked(outcome: SettleOutcome, handle: DeliveryHandle): void {
    conclude(handle, outcome, 'acked');
  }

  function settle(handle: DeliveryHandle, intent: Intent): void {
    switch (intent.action) {
      case 'ack':
        pass(handle, 'acked');
        return;
      case 'reject':
        void reject(handle, intent.reason);
        return;
      case 'retry':
        retrying.retry(
          handle,
          intent.delayMs ?? policy.delayMs(handle.attempt, intent.error),
          intent.error,
        );
        return;
    }
  }

  /** To the dead letters, or where nothing may go past it, again. */
  function giveUp({ held }: DeliveryHandle, reason: string, error: unknown): Intent {
    if (plan.onFailure === 'dead-letter') return { action: 'reject', reason };
    options.onBlocked(held, error);
    return { action: 'retry', delayMs: undefined, error };
  }

  async function reject(handle: DeliveryHandle, reason: string): Promise<void> {
    const { held } = handle;
    const { receiver } = held.epoch;
    if (receiver.prepareDeadLetter !== undefined && !deadLetters.elsewhere) {
      let deadLetter;
      try {
        deadLetter = receiver.prepareDeadLetter(deadLetters.message(held, handle.attempt, reason));
      } catch (error) {
        keepForLater(handle, IntermodalError.from(error));
        return;
      }
      const { token } = held.wire;
      const done = (outcome: SettleOutcome): void => {
        if (typeof outcome === 'string') conclude(handle, outcome, 'dead-lettered', reason);
        else keepForLater(handle, outcome.failed);
      };
      send(held, { token, action: 'reject', reason, deadLetter }, done, undefined);
      return;
    }
    const failure = await deadLetters.store(held, handle.attempt, reason);
    if (held.lost) conclude(handle, 'lost', 'dead-lettered');
    else if (failure === undefined) pass(handle, 'dead-lettered', reason);
    else keepForLater(handle, failure);
  }

  /** No dead letter could be stored: the message stays with the broker and comes again, it is never dropped. */
  function keepForLater(handle: DeliveryHandle, error: IntermodalError): void {
    telemetry?.({ type: 'dead-letter-failed', ...about(handle.held), error });
    handle.conclude(error);
    handle.intent = { action: 'retry', delayMs: undefined, error };
    retrying.retry(handle, policy.delayMs(handle.attempt, error), error);
  }

  function conclude(
    handle: DeliveryHandle,
    outcome: SettleOutcome,
    fate: Fate,
    reason?: string,
  ): void {
    const { held } = handle;
    if (outcome === 'done') {
      count(handle, fate, reason);
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
    if (typeof outcome === 'object' && !capabilities.lease) options.onStuck(held, outcome.failed);
  }

  function count(handle: DeliveryHandle, fate: Fate, reason: string | undefined): void {
    const { held } = handle;
    if (fate === 'acked') {
      counters.acked += 1;
      if (telemetry === undefined) return;
      const ms = wheel.clock.now() - held.startedAt;
      telemetry({ type: 'acked', ...about(held), ms });
    } else if (fate === 'dead-lettered') {
      counters.deadLettered += 1;
      telemetry?.({ type: 'dead-lettered', ...about(held), reason: reason ?? '' });
    }
  }

  return {
    settle,
    resumeRetry: retrying.resume,
    fail(handle, error) {
      if (error instanceof Rejection) handle.intent = { action: 'reject', reason: error.reason };
      else if (handle.attempt < policy.maxAttempts)
        handle.intent = { action: 'retry', delayMs: undefined, error };
      else handle.intent = giveUp(handle, failureReason(error), error);
      settle(handle, handle.intent);
    },
    refuse(handle, error) {
      handle.intent = giveUp(handle, error.message, error);
      settle(handle, handle.intent);
    },
    release(held, done) {
      held.settled = true;
      const settlement = retrying.giveBack(held);
      telemetry?.({ type: 'released', ...about(held) });
      const extending = held.epoch.leases.untrack(held);
      const native = capabilities.release === 'free' || capabilities.release === 'counted';
      if (!native || watermark) {
        done(true); // closing gives it back
        return;
      }
      const go = (): void => {
        const given = (outcome: SettleOutcome): void => {
          done(outcome === 'done');
        };
        held.epoch.settler.add(settlement, true, given, undefined);
      };
      if (extending === undefined) go();
      else void extending.then(go);
    },
  };
}
