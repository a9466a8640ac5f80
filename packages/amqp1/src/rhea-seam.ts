import type { Delivery, Receiver, Sender, Session } from 'rhea';

/** What rhea keeps to itself and must be changed here; `rhea-seam.test.ts` says when a version has moved it. */
interface HiddenSession {
  incoming: { deliveries: Unsettled };
  on_transfer(frame: { readonly performative: { message_format?: number } }): void;
}

/** Rhea's record of deliveries that are not settled, as far as it uses one. */
interface Unsettled {
  available(): number;
  push(delivery: Delivery): void;
  pop_if(condition: (delivery: Delivery) => boolean): number;
  by_id(id: number): Delivery | undefined;
}

interface HiddenReceiver {
  credit: number;
  delivery_count: number;
  readonly remote: { readonly attach?: { readonly initial_delivery_count?: number } };
  on_flow(frame: {
    readonly performative: {
      readonly drain?: boolean;
      readonly link_credit?: number;
      readonly delivery_count?: number;
    };
  }): void;
}

interface HiddenSender {
  readonly credit: number;
  readonly delivery_count: number;
}

// Transfers that may be under way; credit bounds them further.
const incomingWindow = 2_048;
// Anything but 0, the format that rhea decodes.
const undecodedFormat = 1;

/**
 * Rhea keeps deliveries in a ring that only shrinks at its oldest: one that is held for long would stop a session after
 * 2,048 others. Nothing here asks the ring for anything, so there is none.
 */
export function forgetDeliveries(session: Session): void {
  const hidden = session as unknown as HiddenSession;
  hidden.incoming.deliveries = {
    available: () => incomingWindow,
    push: () => undefined,
    pop_if: () => 0,
    by_id: () => undefined,
  };
}

/** Has messages handed on as bytes: what rhea cannot decode would end the connection, and come again on the next. */
export function leaveUndecoded(session: Session): void {
  const hidden = session as unknown as HiddenSession;
  const onTransfer = hidden.on_transfer.bind(session);
  hidden.on_transfer = (frame) => {
    frame.performative.message_format = undecodedFormat;
    onTransfer(frame);
  };
}

export interface Credit {
  /** Given and not used up. */
  readonly outstanding: number;
  /** Has the broker send that many more. */
  add(count: number): void;
  /** Takes it all back; `done` is called when nothing more can be under way. */
  withdraw(done: () => void): void;
  /** To be called for each message. */
  used(): void;
}

/**
 * `drain`: the broker uses up what it was given. `zero`: none is given any more. RabbitMQ 3 answers a drain on a classic queue
 * never, and a quorum queue gives nothing after it.
 */
export type Withdrawal = 'drain' | 'zero';

/**
 * Rhea begins at 0 whatever the other side's initial delivery count is (RabbitMQ 4 begins near the end of the numbers, so
 * that it would send five more than asked for), does not wrap it, and writes to the console while a link is drained.
 */
export function ownCredit(receiver: Receiver, withdrawal: Withdrawal): Credit {
  const hidden = receiver as unknown as HiddenReceiver;
  let onWithdrawn: (() => void) | undefined;
  hidden.delivery_count = hidden.remote.attach?.initial_delivery_count ?? 0;
  hidden.on_flow = ({ performative: { drain, link_credit, delivery_count } }) => {
    const isAnswer = withdrawal === 'zero' || drain === true;
    if (!isAnswer || onWithdrawn === undefined || (link_credit ?? 0) > 0) return;
    hidden.credit = 0;
    hidden.delivery_count = delivery_count ?? hidden.delivery_count;
    receiver.drain = false;
    const done = onWithdrawn;
    onWithdrawn = undefined;
    done();
  };
  return {
    get outstanding() {
      return hidden.credit;
    },
    add(count) {
      receiver.add_credit(count);
    },
    withdraw(done) {
      const before = hidden.credit;
      onWithdrawn = done;
      receiver.drain_credit();
      if (withdrawal === 'drain') return;
      receiver.drain = false;
      hidden.credit = 0;
      // What is under way is still expected, once the credit of 0 has been written.
      process.nextTick(() => {
        if (onWithdrawn === done) hidden.credit = before;
      });
    },
    used() {
      hidden.delivery_count >>>= 0;
    },
  };
}

/** How many messages the other side has allowed in all, those included that were sent. */
export function allowedOf(sender: Sender): number {
  const { credit, delivery_count } = sender as unknown as HiddenSender;
  return delivery_count + credit;
}
