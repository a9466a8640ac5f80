import {
  createHandlerChecks,
  createReceiverChecks,
  type HandlerChecks,
  type ReceiverChecks,
} from './check-consume.ts';
import { createPublishChecks, type PublishChecks } from './check-publish.ts';
import type { EventLoop } from './event-loop.ts';
import { createLedger, type Ledger } from './ledger.ts';
import type { Plan } from './plan.ts';

/** Everything that watches a run. The first violation ends it. */
export interface Monitor {
  readonly ledger: Ledger;
  readonly publish: PublishChecks;
  readonly handlers: HandlerChecks;
  readonly receivers: ReceiverChecks;
}

export function createMonitor(plan: Plan, loop: EventLoop): Monitor {
  const ledger = createLedger();
  return {
    ledger,
    publish: createPublishChecks(ledger),
    handlers: createHandlerChecks(ledger),
    receivers: createReceiverChecks(ledger, {
      log: plan.mode === 'log',
      transactions: plan.broker.kind === 'push' && plan.broker.transactions === true,
      canDelay: plan.mode === 'pull',
      atEndOfTurn: loop.atEndOfTurn,
      now: loop.now,
    }),
  };
}
