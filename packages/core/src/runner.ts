import type { ConsumerPlan } from './consumer-plan.ts';
import type { DeliveryHandle, DeliveryOwner } from './delivery-handle.ts';
import type { IntermodalError } from './error.ts';
import type { Held } from './held.ts';
import type { Lanes } from './lanes.ts';

/** What hands deliveries to the application: one by one, in batches, or pulled. */
export interface Runner {
  /** Something may be ready, or a slot free. */
  dispatch(): void;
  /** Nothing is started any more; resolves when nothing runs. */
  drain(): Promise<void>;
  /** It is given up: nobody waits for what still runs. */
  abandon(): void;
}

/** What a runner tells of its handlers. */
export interface HandlerCalls {
  /** The handler of this attempt was called. */
  started(held: Held, handle: DeliveryHandle): void;
  /** It returned, or threw `error`. */
  returned(handle: DeliveryHandle, failure: { readonly error: unknown } | undefined): void;
  /** Its lease was over before it could be started. */
  expired(held: Held): void;
  /** It waits again behind an earlier one of its key, and counts as tried. */
  rewind(handle: DeliveryHandle): void;
  /** The same for one that was not started after all. */
  waitAgain(held: Held): void;
  /** The application has gone away without settling it: it goes back. */
  leave(handle: DeliveryHandle): void;
  /** It cannot be understood: it is a failure, alone. */
  refuse(held: Held, handle: DeliveryHandle, error: IntermodalError): void;
}

/** What a runner may ask of its consumer. */
export interface Engine extends HandlerCalls {
  readonly lanes: Lanes;
  readonly owner: DeliveryOwner;
  readonly plan: ConsumerPlan;
  readonly concurrency: number;
  /** False while paused or stopping. */
  readonly open: boolean;
}

export interface ConsumerCounters {
  /** Handlers that have been called and have not returned. */
  running: number;
  acked: number;
  retried: number;
  deadLettered: number;
  leaseLost: number;
  reopened: number;
  /** Failed as often as they may, and tried until they succeed. */
  blocked: number;
  /** Given back without having been started, since the consumer is being stopped. */
  released: number;
}

export function createCounters(): ConsumerCounters {
  return {
    running: 0,
    acked: 0,
    retried: 0,
    deadLettered: 0,
    leaseLost: 0,
    reopened: 0,
    blocked: 0,
    released: 0,
  };
}
