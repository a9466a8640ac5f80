import {
  type EventKind,
  eventKinds,
  type Order,
  type OrderEvent,
  type OrderStep,
  totalCents,
} from './order.ts';
import { eventsName, type StageName } from './shop-channels.ts';
import type { Message } from './tally.ts';

/**
 * A message with what is counted of it. Its id follows from the run, the order and what it says, so that one published
 * again after a crash is the same message, and one of another run is not.
 */
export interface Outgoing<T> {
  readonly message: Message;
  readonly body: T;
}

export function stepMessage(stage: StageName, body: OrderStep): Outgoing<OrderStep> {
  const { run, sequence, order } = body;
  return { body, message: { ...identify(run, order, stage), channel: stage, sequence, step: 0 } };
}

export function eventMessage(
  kind: EventKind,
  { run, sequence, order }: OrderStep,
): Outgoing<OrderEvent> {
  const { orderId, customerId, currency } = order;
  const body = {
    run,
    sequence,
    kind,
    orderId,
    customerId,
    currency,
    totalCents: totalCents(order),
  };
  return {
    body,
    message: {
      ...identify(run, order, kind),
      channel: eventsName,
      sequence,
      step: eventKinds.indexOf(kind),
    },
  };
}

function identify(
  run: string,
  { orderId, customerId }: Order,
  what: string,
): { readonly id: string; readonly customer: string } {
  return { id: `${run}/${orderId}/${what}`, customer: customerId };
}
