import {
  createPushBuffer,
  IntermodalError,
  type Receiver,
  type ReceiverOptions,
  type Settlement,
  type SettleOutcome,
  type WireDelivery,
} from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import type { Place } from './engine.ts';
import type { Frame } from './frames.ts';
import { createLaneHolds } from './lane-holds.ts';
import { type EncodedMessage, sendAgain, writeMessage } from './message.ts';
import type { Settings } from './options.ts';
import { readMessage } from './read-message.ts';
import { wireFormOf } from './sender.ts';
import { createSettlements, type Settlements } from './settlements.ts';
import { subscribe } from './subscription.ts';

export interface ReceiverSetup {
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  readonly settings: Settings;
  readonly place: Place;
  readonly deadLetters: Place;
  readonly channelName: string;
  readonly group: string;
  /** Whether what it takes is in order by key. */
  readonly isOrdered: boolean;
  /** Whether an attempt is counted at all; of dead letters it is a header. */
  readonly counts: boolean;
}

/** One connection, and what came by it. */
interface Link {
  readonly connection: Connection;
  readonly settlements: Settlements;
}

interface Tag {
  /** A delivery of another connection, or of another receiver, settles nothing. */
  readonly link: Link;
  readonly frame: Frame;
  readonly sequence: number;
  readonly delivery: Omit<WireDelivery, 'token'>;
  /** The same for all who ask again. */
  settling?: Promise<SettleOutcome> | undefined;
}

/** Whoever stops may have deliveries out; only without any it lets go of its connection, and takes another to go on. */
export async function openReceiver(
  setup: ReceiverSetup,
  options: ReceiverOptions,
  signal: AbortSignal,
): Promise<Receiver> {
  const { settings, place, isOrdered } = setup;
  const { broker } = settings;
  const closing = new AbortController();
  let link: Link | undefined;
  let changing: Promise<void> | undefined;
  let isWanted = true;
  let sequence = 0;
  /** Handed out and not settled. */
  let out = 0;
  let settle: (error: IntermodalError | undefined) => void;
  let isOver = false;
  const dead = new Promise<IntermodalError | undefined>((resolve) => {
    settle = resolve;
  });
  const pushed = createPushBuffer({
    onStop() {
      isWanted = false;
      reconcile();
    },
  });
  const holds = createLaneHolds(
    options.clock,
    (one, other) => tagOf(one).sequence < tagOf(other).sequence,
    (deliveries) => {
      for (const delivery of deliveries) putBack(delivery);
    },
  );

  async function connect(until: AbortSignal): Promise<void> {
    const connection = await setup.connect(until);
    const opened: Link = { connection, settlements: createSettlements(connection) };
    const { prefetch } = options;
    const onMessage = (frame: Frame): void => {
      if (!closing.signal.aborted) take(opened, frame);
    };
    await subscribe({ ...setup, connection, prefetch }, onMessage, until);
    link = opened;
    void connection.dead.then((error) => {
      if (link === opened) end(error);
    });
  }

  /** Everything that was not settled goes back, in order. */
  async function disconnect(): Promise<void> {
    const left = link;
    link = undefined;
    pushed.takeAll();
    await left?.connection.close(closing.signal);
  }

  function end(error: IntermodalError | undefined): void {
    if (isOver) return;
    isOver = true;
    holds.end();
    pushed.end();
    settle(closing.signal.aborted ? undefined : error);
  }

  async function change(): Promise<void> {
    try {
      while (!closing.signal.aborted && isWanted !== (link !== undefined)) {
        if (link === undefined) await connect(closing.signal);
        else if (out > 0 || holds.size > 0) break;
        else await disconnect();
      }
    } catch (error) {
      end(IntermodalError.from(error, { transport: 'stomp' }));
    } finally {
      changing = undefined;
    }
  }

  function reconcile(): void {
    if (isOver || changing !== undefined || isWanted === (link !== undefined)) return;
    if (!isWanted && (out > 0 || holds.size > 0)) return;
    changing = change();
  }

  function take(from: Link, frame: Frame): void {
    const read = readMessage(frame, broker, setup.channelName);
    const { message, undecodable } = read;
    sequence += 1;
    const counted = setup.counts || read.failures > 0;
    const delivery = {
      message,
      lane: isOrdered ? message.key : undefined,
      attempt: counted ? read.failures + 1 : undefined,
      redelivered: read.redelivered,
      leaseUntil: undefined,
      position: undefined,
      ...(undecodable === undefined ? {} : { undecodable }),
      native: frame,
    };
    const tagged = withTag(delivery, { link: from, frame, sequence });
    if (delivery.lane === undefined || !holds.add(delivery.lane, tagged)) pushed.push(tagged);
  }

  function putBack(delivery: WireDelivery): void {
    const { sequence: own } = tagOf(delivery);
    pushed.putBack(delivery, (other) => tagOf(other).sequence > own);
  }

  /** What the broker got back alone would come behind what it has delivered since. */
  function keep({ link: from, frame, sequence: own, delivery }: Tag, action: Settlement): void {
    const isRetry = action.action === 'retry';
    const attempt = isRetry ? action.attempt + 1 : delivery.attempt;
    const again = withTag(
      { ...delivery, redelivered: true, attempt },
      { link: from, frame, sequence: own },
    );
    const lane = delivery.lane ?? `#${own}`;
    if (isRetry && action.delayMs > 0) holds.hold(lane, again, action.delayMs);
    else if (!holds.add(lane, again)) putBack(again);
  }

  async function retry(tag: Tag, { delayMs, attempt }: RetrySettlement): Promise<SettleOutcome> {
    const { settlements } = tag.link;
    const id = ackIdOf(tag);
    if (broker === 'rabbitmq') return settlements.requeue(id);
    const again = sendAgain(tag.frame, place.destination, attempt, delayMs);
    // The scheduler takes what a transaction sends only after its commit: a crash between the two would lose it.
    return delayMs > 0 ? settlements.storeFirst(id, again) : settlements.replace(id, again);
  }

  function settleAll(batch: readonly Settlement[]): Promise<readonly SettleOutcome[]> {
    const acks: Tag[] = [];
    let onAcked: (outcome: SettleOutcome) => void;
    const lastAcked = new Promise<SettleOutcome>((resolve) => {
      onAcked = resolve;
    });
    const acked = async (tag: Tag): Promise<SettleOutcome> => {
      const outcome = await lastAcked;
      return tag === acks.at(-1) || outcome === 'lost' ? outcome : 'done';
    };
    const outcomes = batch.map((settlement): Promise<SettleOutcome> => {
      const tag = settlement.token.value as Tag;
      if (isOver || tag.link !== link) return Promise.resolve('lost');
      if (tag.settling !== undefined) return tag.settling;
      if (settlement.action === 'ack') {
        acks.push(tag);
        return settling(tag, acked(tag));
      }
      return settling(tag, settleOne(tag, settlement));
    });
    const first = acks[0];
    if (first !== undefined)
      void first.link.settlements.ack(acks.map(ackIdOf)).then((outcome) => {
        onAcked(outcome);
      });
    return Promise.all(outcomes);
  }

  async function settling(tag: Tag, work: Promise<SettleOutcome>): Promise<SettleOutcome> {
    tag.settling = work;
    const outcome = await work;
    // What has failed may be tried again.
    if (typeof outcome === 'object') tag.settling = undefined;
    else {
      out -= 1;
      if (!isWanted) reconcile();
    }
    return outcome;
  }

  function settleOne(
    tag: Tag,
    settlement: Exclude<Settlement, { readonly action: 'ack' }>,
  ): Promise<SettleOutcome> {
    if (settlement.action === 'reject') {
      const { payload } = settlement.deadLetter;
      return tag.link.settlements.replace(ackIdOf(tag), payload as EncodedMessage);
    }
    // A durable subscription's messages would come to the other groups once more.
    const isKept = tag.delivery.lane !== undefined || place.kind === 'topic';
    if (settlement.action === 'retry' && !isKept) return retry(tag, settlement);
    keep(tag, settlement);
    return Promise.resolve('done');
  }

  await connect(AbortSignal.any([signal, closing.signal]));

  const deadLetterForm = wireFormOf(settings, setup.deadLetters);
  return {
    limits: {
      maxPerReceive: 1_000,
      maxConcurrentReceives: 1,
      maxWaitMs: Number.MAX_SAFE_INTEGER,
      maxPerSettle: 1_000,
      settleLingerMs: 0,
    },
    dead,
    async receive(max, stop) {
      if (isOver || stop.aborted) return [];
      isWanted = true;
      reconcile();
      const deliveries = await pushed.receive(max, stop);
      out += deliveries.length;
      return deliveries;
    },
    settle: settleAll,
    // RabbitMQ's transactions are no more than a buffer of its plug-in.
    ...(broker === 'activemq'
      ? {
          prepareDeadLetter(message) {
            const encoded = writeMessage(message, deadLetterForm, options.clock.now());
            return { bytes: encoded.bytes, lane: undefined, payload: encoded };
          },
        }
      : {}),
    async close(until) {
      const { length } = pushed;
      const left = link;
      closing.abort();
      await changing;
      const isConfirmed = (await (link ?? left)?.connection.close(until)) ?? true;
      end(undefined);
      return { abandoned: isConfirmed ? 0 : length };
    },
  };

  function withTag(
    delivery: Omit<WireDelivery, 'token'>,
    about: Pick<Tag, 'link' | 'frame' | 'sequence'>,
  ): WireDelivery {
    const tag: Tag = { ...about, delivery };
    return { ...delivery, token: { value: tag } };
  }
}

type RetrySettlement = Extract<Settlement, { readonly action: 'retry' }>;

function tagOf({ token }: WireDelivery): Tag {
  return token.value as Tag;
}

function ackIdOf({ frame }: Tag): string {
  return frame.headers.get('ack') ?? '';
}
