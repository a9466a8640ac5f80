import {
  createPushBuffer,
  IntermodalError,
  type Receiver,
  type Settlement,
  type SettleOutcome,
  type WireDelivery,
} from '@intermodal/core/driver';
import type { Delivery, EventContext, Receiver as NativeReceiver } from 'rhea';
import type { Connection } from './connection.ts';
import { type Amqp1Broker, phraseOf, type Place } from './engine.ts';
import { type OpenLink, openReceiverLink } from './link.ts';
import { readMessage } from './read-message.ts';
import { forgetDeliveries, leaveUndecoded, ownCredit } from './rhea-seam.ts';
import { createSettlements, type Outcome } from './settlements.ts';

export interface ReceiverSetup {
  readonly connection: Connection;
  readonly broker: Amqp1Broker;
  readonly place: Place;
  readonly channelName: string;
  /** Whether what it takes is in order by key. */
  readonly isOrdered: boolean;
  readonly counts: boolean;
  /** At least as much is asked for first, whatever `receive` has room for. */
  readonly firstCredit: number;
}

/** Its value is the holder's, so that a delivery of another link settles nothing. */
interface Tag {
  readonly holder: object;
  readonly native: Delivery;
  readonly delivery: Omit<WireDelivery, 'token'>;
  settled: boolean;
}

export async function openReceiver(setup: ReceiverSetup, signal: AbortSignal): Promise<Receiver> {
  const { connection, place } = setup;
  const asked = { name: phraseOf(place) };
  // Unsettled until it is settled here: the broker must not take a delivery for an ack.
  const options = {
    source: { address: place.link, durable: 2 as const, expiry_policy: 'never' as const },
    snd_settle_mode: 0 as const,
    rcv_settle_mode: 0 as const,
  };
  return createReceiver(await openReceiverLink(connection, options, asked, signal), setup);
}

function createReceiver(
  { link, session, life }: OpenLink<NativeReceiver>,
  setup: ReceiverSetup,
): Receiver {
  const { broker } = setup;
  const holder = {};
  const settlements = createSettlements();
  const pushed = createPushBuffer({ onStop: withdraw });
  /** How many the `receive` that waits asked for. */
  let asked: number | undefined;
  let atLeast = setup.firstCredit;
  let withdrawing = false;
  let stopped = false;
  forgetDeliveries(session);
  leaveUndecoded(session);
  const credit = ownCredit(link, broker === 'rabbitmq3' ? 'zero' : 'drain');

  link.on('message', ({ message, delivery }: EventContext) => {
    credit.used();
    if (delivery === undefined) return;
    pushed.push(deliveryOf(message as unknown as Buffer, delivery));
  });

  function deliveryOf(encoded: Buffer, native: Delivery): WireDelivery {
    const read = readMessage(encoded, broker, setup.channelName);
    const { message, undecodable } = read;
    const delivery = {
      message,
      lane: setup.isOrdered ? message.key : undefined,
      attempt: setup.counts ? read.failures + 1 : undefined,
      redelivered: read.redelivered,
      leaseUntil: undefined,
      position: undefined,
      ...(undecodable === undefined ? {} : { undecodable }),
      native: read.native,
    };
    return withTag(delivery, native);
  }

  function withTag(delivery: Omit<WireDelivery, 'token'>, native: Delivery): WireDelivery {
    const tag: Tag = { holder, native, delivery, settled: false };
    return { ...delivery, token: { value: tag } };
  }

  function settle(settlement: Settlement): SettleOutcome {
    const tag = settlement.token.value as Partial<Tag> | undefined;
    if (life.over || tag?.holder !== holder || tag.settled !== false) return 'lost';
    const { action } = settlement;
    if (action === 'reject')
      return { failed: new IntermodalError('unsupported', 'send the dead letter, then ack') };
    const { native, delivery } = tag as Tag;
    (tag as Tag).settled = true;
    if (action === 'ack' || delivery.lane === undefined)
      settlements.write(native, outcomeOf(action));
    else keep(tag as Tag, action === 'retry' ? settlement.attempt + 1 : delivery.attempt);
    return 'done';
  }

  /**
   * What the broker got back alone, it would deliver again behind what it has delivered since. So it goes back with the
   * link, which is in order; should the consumer go on before that, it is the next.
   */
  function keep({ native, delivery }: Tag, attempt: number | undefined): void {
    const counted = setup.counts ? attempt : undefined;
    const again = withTag({ ...delivery, redelivered: true, attempt: counted }, native);
    pushed.putBack(again, ({ token }) => (token.value as Tag).native.id > native.id);
  }

  function outcomeOf(action: 'ack' | 'retry' | 'release'): Outcome {
    if (action === 'ack') return 'accepted';
    // The plug-in of RabbitMQ 3 ends the session for a state that it does not know.
    return action === 'release' || broker === 'rabbitmq3' ? 'released' : 'modified';
  }

  /** Nothing more is sent to a receiver that does not want it: it would be withheld from the others. */
  function withdraw(): void {
    stopped = true;
    if (withdrawing || life.over || credit.outstanding === 0) return;
    withdrawing = true;
    credit.withdraw(() => {
      withdrawing = false;
      if (!stopped && asked !== undefined) allow(asked);
      else giveBack();
    });
  }

  /** What came while withdrawing; where it could come out of order, or only to this link again, it stays here. */
  function giveBack(): void {
    if (setup.isOrdered || broker === 'activemq') return;
    for (const { token } of pushed.takeAll()) settle({ token, action: 'release' });
  }

  function allow(max: number): void {
    const { outstanding } = credit;
    // When it is given more, RabbitMQ 3 forgets what is on its way between queue and session, and sends too many. ActiveMQ
    // counts that twice (`AmqpSender.flow`), and takes more off its queue than it may send.
    if (withdrawing || (broker !== 'rabbitmq' && outstanding > 0)) return;
    const more = Math.max(max, atLeast) - pushed.length - outstanding;
    atLeast = 0;
    if (more > 0) credit.add(more);
  }

  async function receive(max: number, stop: AbortSignal): Promise<readonly WireDelivery[]> {
    if (life.over || stop.aborted) return [];
    stopped = false;
    asked = max;
    allow(max);
    try {
      return await pushed.receive(max, stop);
    } finally {
      asked = undefined;
    }
  }

  void life.dead.then(pushed.end);

  return {
    limits: {
      maxPerReceive: 1_000,
      maxConcurrentReceives: 1,
      maxWaitMs: Number.MAX_SAFE_INTEGER,
      maxPerSettle: 1_000,
      settleLingerMs: 0,
    },
    dead: life.dead,
    receive,
    settle: (batch) => Promise.resolve(batch.map(settle)),
    async close(signal) {
      await settlements.written();
      const { length } = pushed;
      // Closing the link gives everything back at once, in order and uncounted. RabbitMQ 3 would give it back only with the
      // session, and let the next consumer go on before that.
      const isLate = broker === 'rabbitmq3' && setup.isOrdered;
      const isConfirmed = await (isLate ? life.endSession(signal) : life.close(signal));
      return { abandoned: isConfirmed ? 0 : length };
    },
  };
}
