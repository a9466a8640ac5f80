import {
  createPushBuffer,
  IntermodalError,
  type Receiver,
  type ReceiverOptions,
  type Settlement,
  type SettleOutcome,
  type WireDelivery,
} from '@intermodal/core/driver';
import type { Channel, ConsumeMessage } from 'amqplib';
import { watchChannel } from './channel-life.ts';
import { ackerOf } from './channel-seam.ts';
import type { Connection } from './connection.ts';
import { createConsuming } from './consuming.ts';
import { mapError } from './map-error.ts';
import { readMessage } from './read-message.ts';
import { checkPlace } from './topology.ts';

export interface ReceiverSetup {
  readonly connection: Connection;
  readonly queue: string;
  readonly channelName: string;
  /** Whether what it takes is in order by key, and nobody else may be given anything while it holds something. */
  readonly isSingleActive: boolean;
  readonly counts: boolean;
  /** Opening again declares what is missing. */
  readonly isMendable: boolean;
}

/** Its value is the holder's, so that a tag of another channel, where it means another message, settles nothing. */
interface Tag {
  readonly holder: object;
  readonly native: ConsumeMessage;
  /** It must stay before what the broker delivered after it. */
  readonly isOrdered: boolean;
  settled: boolean;
}

const maxPrefetch = 65_535;

export async function openReceiver(
  setup: ReceiverSetup,
  options: ReceiverOptions,
): Promise<Receiver> {
  const { connection, queue } = setup;
  const place = { name: `queue '${queue}'`, isMendable: setup.isMendable };
  let channel: Channel;
  try {
    channel = await connection.model.createChannel();
  } catch (cause) {
    throw mapError(connection.over ?? cause, place);
  }
  const { receiver, start } = createReceiver(channel, setup);
  try {
    await channel.prefetch(Math.min(options.prefetch, maxPrefetch));
    await start();
  } catch (cause) {
    channel.close().catch(() => undefined);
    throw mapError(connection.over ?? cause, place);
  }
  return receiver;
}

interface Unstarted {
  readonly receiver: Receiver;
  readonly start: () => Promise<void>;
}

function createReceiver(channel: Channel, setup: ReceiverSetup): Unstarted {
  const { connection, queue, isSingleActive } = setup;
  const place = { name: `queue '${queue}'`, isMendable: setup.isMendable };
  const holder = {};
  const { run: ack } = ackerOf(channel);
  const life = watchChannel(connection, channel, place);
  // A single active consumer that stopped consuming would let the next one begin beside its handlers.
  const pushed = createPushBuffer(isSingleActive ? {} : { onStop: () => consuming.unwant() });
  const consuming = createConsuming({ channel, queue, onMessage, onStopped: giveBack });

  function onMessage(native: ConsumeMessage | null): void {
    if (native === null) {
      void cancelled();
      return;
    }
    pushed.push(deliveryOf(native));
  }

  function deliveryOf(native: ConsumeMessage): WireDelivery {
    const { message, undecodable, failures = 0 } = readMessage(native, setup.channelName);
    const lane = isSingleActive ? message.key : undefined;
    const tag: Tag = { holder, native, isOrdered: lane !== undefined, settled: false };
    return {
      token: { value: tag },
      message,
      lane,
      attempt: setup.counts ? failures + 1 : undefined,
      redelivered: native.fields.redelivered,
      leaseUntil: undefined,
      position: undefined,
      ...(undecodable === undefined ? {} : { undecodable }),
      native,
    };
  }

  /** The broker has ended the consumer: its queue was deleted, or has moved to another node. */
  async function cancelled(): Promise<void> {
    try {
      await checkPlace(connection, { kind: 'queue', name: queue });
      const text = `${place.name}: the broker cancelled the consumer, as it does when a queue moves`;
      life.fail(
        new IntermodalError('unavailable', text, { transport: 'amqp', address: place.name }),
      );
    } catch (cause) {
      const { code, message } = mapError(cause, place);
      const retryable = code !== 'not-found' || setup.isMendable;
      const about = { retryable, transport: 'amqp', address: place.name, cause };
      life.fail(new IntermodalError(code, message, about));
    }
  }

  /**
   * What the broker got back alone, it would deliver again behind what it has delivered since. So it goes back with the
   * channel, which is in order; should the consumer go on before that, it is the next.
   */
  function keep(native: ConsumeMessage, attempt: number | undefined): void {
    const again = { ...deliveryOf(native), redelivered: true };
    const counted = attempt === undefined || !setup.counts ? again : { ...again, attempt };
    pushed.putBack(
      counted,
      ({ native: other }) =>
        (other as ConsumeMessage).fields.deliveryTag > native.fields.deliveryTag,
    );
  }

  function settle(settlement: Settlement): SettleOutcome {
    const tag = settlement.token.value as Partial<Tag> | undefined;
    if (life.over || tag?.holder !== holder || tag.settled !== false) return 'lost';
    const { native, isOrdered } = tag as Tag;
    try {
      switch (settlement.action) {
        case 'ack':
          ack(native);
          break;
        case 'retry':
          if (isOrdered) keep(native, settlement.attempt + 1);
          // From RabbitMQ 4.3 on only this counts as a failed delivery.
          else channel.reject(native, true);
          break;
        case 'release':
          if (isOrdered) keep(native, undefined);
          else channel.nack(native, false, true);
          break;
        case 'reject':
          return { failed: new IntermodalError('unsupported', 'send the dead letter, then ack') };
      }
    } catch {
      return 'lost';
    }
    tag.settled = true;
    return 'done';
  }

  function giveBack(): void {
    for (const { token } of pushed.takeAll()) settle({ token, action: 'release' });
  }

  void life.dead.then(pushed.end);

  const receiver: Receiver = {
    limits: {
      maxPerReceive: 1_000,
      maxConcurrentReceives: 1,
      maxWaitMs: Number.MAX_SAFE_INTEGER,
      maxPerSettle: 1_000,
      settleLingerMs: 0,
    },
    dead: life.dead,
    receive(max, stop) {
      if (!life.over && !stop.aborted) consuming.want();
      return pushed.receive(max, stop);
    },
    settle: (batch) => Promise.resolve(batch.map(settle)),
    async close(signal) {
      if (!isSingleActive) await consuming.end(signal);
      const { length } = pushed;
      // Closing the channel gives everything back at once and in order.
      const isConfirmed = await life.close(signal);
      return { abandoned: isConfirmed ? 0 : length };
    },
  };
  return { receiver, start: consuming.start };
}
