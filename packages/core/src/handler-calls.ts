import type { ConsumerPlan } from './consumer-plan.ts';
import type { DeliveryHandle } from './delivery-handle.ts';
import { IntermodalError } from './error.ts';
import { type Held, setAlarm } from './held.ts';
import type { Holding } from './holding.ts';
import type { Lanes } from './lanes.ts';
import type { ConsumerCounters, HandlerCalls } from './runner.ts';
import type { Settling } from './settling.ts';

export interface HandlerCallsOptions {
  readonly plan: ConsumerPlan;
  readonly counters: ConsumerCounters;
  readonly lanes: Lanes;
  readonly holding: Holding;
  readonly settling: Settling;
  /** Whether its lane is being handed over. */
  readonly isLeaving: (held: Held) => boolean;
}

/** What follows from a handler's call: its time, its return, and what becomes of what it left open. */
export function createHandlerCalls(options: HandlerCallsOptions): HandlerCalls {
  const { plan, counters, lanes, holding, settling, isLeaving } = options;
  const { wheel, telemetry, channel, group } = plan;
  const { clock } = wheel;

  function unstart(held: Held): void {
    if (!held.running) return;
    held.running = false;
    counters.running -= 1;
    if (plan.handlerTimeoutMs !== undefined) wheel.cancel(held.alarm);
  }

  function started(held: Held, handle: DeliveryHandle): void {
    held.running = true;
    counters.running += 1;
    held.handle = handle;
    held.startedAt = clock.now();
    if (telemetry !== undefined) {
      const { id, key } = handle;
      const { attempt, redelivered } = handle;
      telemetry({ type: 'delivered', channel, group, id, key, attempt, redelivered });
    }
    if (plan.handlerTimeoutMs === undefined) return;
    setAlarm(wheel, held, held.startedAt + plan.handlerTimeoutMs, () => {
      handle.abandoned = true;
      const text = `the handler of '${channel}' did not return within ${plan.handlerTimeoutMs} ms`;
      const error = new IntermodalError('timeout', text, { address: channel });
      handle.abort(error);
      if (handle.intent === undefined) settling.fail(handle, error);
    });
  }

  function returned(handle: DeliveryHandle, thrown: { readonly error: unknown } | undefined): void {
    const { held } = handle;
    if (handle.abandoned) {
      held.running = false; // its alarm may be a retry's by now
      counters.running -= 1;
    } else unstart(held);
    if (held.lost || held.settled) {
      holding.settleUp(held);
      return;
    }
    if (handle.intent !== undefined) {
      settling.resumeRetry(held);
      return;
    }
    if (thrown !== undefined) {
      settling.fail(handle, thrown.error);
      return;
    }
    handle.intent = { action: 'ack' };
    settling.settle(handle, handle.intent);
  }

  /** Behind what came before it; where that has left for the broker, it follows. */
  function waitAgain(held: Held): void {
    if (held.cutOff) {
      lanes.done(held);
      holding.giveBack([held]);
      return;
    }
    held.handle = undefined;
    lanes.back([held]);
  }

  return {
    started,
    returned,
    expired(held) {
      holding.leaseLost(held, undefined);
    },
    rewind({ held }) {
      unstart(held);
      if (isLeaving(held)) {
        holding.lose(held, undefined); // as the one before it was
        return;
      }
      held.localRetries += 1;
      waitAgain(held);
    },
    waitAgain,
    leave(handle) {
      const { held } = handle;
      unstart(held);
      if (held.lost || held.settled) {
        holding.settleUp(held);
        return;
      }
      if (handle.intent !== undefined && held.notBefore === 0) return; // its settlement is on its way
      holding.giveBack([held]);
      held.lost = true; // for who holds it still
      handle.abort(handle.leaseLost());
    },
    refuse(held, handle, error) {
      held.handle = handle;
      settling.refuse(handle, error);
    },
  };
}
