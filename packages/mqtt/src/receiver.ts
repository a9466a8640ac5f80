import {
  createPushBuffer,
  IntermodalError,
  type Receiver,
  type Settlement,
  type SettleOutcome,
  type WireDelivery,
} from '@intermodal/core/driver';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { orderAcks } from './ack-order.ts';
import type { Connection } from './connection.ts';
import { type AckOrder, engines } from './engine.ts';
import { holdAcks } from './held-acks.ts';
import { holdReading } from './hold-reading.ts';
import type { Settings } from './options.ts';
import { type ReadForm, readMessage } from './read-message.ts';

export interface Intake {
  /** To be given the client before anything can have come. */
  attach(native: MqttClient): void;
  /** Once it is connected and subscribed. */
  receiver(connection: Connection, dead: Receiver['dead']): Receiver;
}

export interface IntakeSetup {
  readonly settings: Settings;
  readonly form: ReadForm;
  readonly isOrdered: boolean;
  readonly ackOrder?: AckOrder;
}

/** Its value is the holder's, so that a delivery of another connection settles nothing. */
interface Tag {
  readonly holder: object;
  /** Nothing for what came with QoS 0. */
  readonly messageId: number | undefined;
  readonly arrival: number;
  readonly delivery: Omit<WireDelivery, 'token'>;
  settled: boolean;
}

// Taking what is there costs nothing: for more free places than these core would wait a moment, and acks with it.
const maxPerReceive = 4;
// No broker here sends as many without an ack, unless it loses count: then nothing is read until some were taken.
const maxBuffered = 1_000;

/** What comes on one connection, from before it is known to be open. */
export function createIntake({ settings, form, isOrdered, ackOrder }: IntakeSetup): Intake {
  const holder = {};
  const pushed = createPushBuffer();
  let bufferedBytes = 0;
  let arrivals = 0;
  let sendAcks: (messageIds: readonly number[]) => void = () => undefined;
  let toAck: number[] = [];
  const order = ackOrder ?? engines[settings.broker].ackOrder;
  const acks = orderAcks(order, (messageId) => {
    toAck.push(messageId);
  });
  const isFull = (): boolean =>
    pushed.length >= maxBuffered || bufferedBytes >= settings.maxBufferedBytes;
  const reading = holdReading(settings.keepAliveMs, isFull);

  function writeAcks(): void {
    if (toAck.length === 0) return;
    sendAcks(toAck);
    toAck = [];
  }

  function came(packet: IPublishPacket): void {
    const messageId = packet.qos === 0 ? undefined : packet.messageId;
    if (messageId !== undefined) acks.came(messageId);
    // 3.1.1 brings retained messages whether they are wanted or not.
    if (packet.retain && !settings.takeRetained) {
      if (messageId !== undefined) acks.ack(messageId);
      writeAcks();
      return;
    }
    bufferedBytes += packet.payload.length;
    arrivals += 1;
    pushed.push(withTag(deliveryOf(packet), messageId, arrivals));
  }

  function deliveryOf(packet: IPublishPacket): Omit<WireDelivery, 'token'> {
    const { message, undecodable } = readMessage(packet, form);
    return {
      message,
      lane: isOrdered ? message.key : undefined,
      attempt: undefined,
      redelivered: packet.dup,
      leaseUntil: undefined,
      position: undefined,
      ...(undecodable === undefined ? {} : { undecodable }),
      native: packet,
    };
  }

  function withTag(
    delivery: Omit<WireDelivery, 'token'>,
    messageId: number | undefined,
    arrival: number,
  ): WireDelivery {
    const tag: Tag = { holder, messageId, arrival, delivery, settled: false };
    return { ...delivery, token: { value: tag } };
  }

  function settle(connection: Connection, settlement: Settlement): SettleOutcome {
    const tag = settlement.token.value as Partial<Tag> | undefined;
    if (connection.over !== undefined || tag?.holder !== holder || tag.settled !== false)
      return 'lost';
    const { action } = settlement;
    if (action === 'reject')
      return { failed: new IntermodalError('unsupported', 'send the dead letter, then ack') };
    (tag as Tag).settled = true;
    if (action === 'ack') {
      if (tag.messageId !== undefined) acks.ack(tag.messageId);
    } else keep(tag as Tag);
    return 'done';
  }

  /**
   * Nothing can be given back but with the connection, and then in order; should the consumer go on before that, it is the
   * next.
   */
  function keep({ delivery, messageId, arrival }: Tag): void {
    const again = withTag({ ...delivery, redelivered: true }, messageId, arrival);
    bufferedBytes += bytesOf(again);
    pushed.putBack(again, ({ token }) => (token.value as Tag).arrival > arrival);
  }

  return {
    attach(native) {
      sendAcks = holdAcks(native);
      native.on('message', (_topic, _payload, packet) => {
        came(packet);
      });
      reading.attach(native);
    },

    receiver(connection, dead) {
      reading.begin(connection.native);
      void connection.dead.then(() => {
        pushed.end();
        reading.end();
      });
      return {
        limits: {
          maxPerReceive,
          maxConcurrentReceives: 1,
          maxWaitMs: Number.MAX_SAFE_INTEGER,
          maxPerSettle: 1_000,
          settleLingerMs: 0,
        },
        dead,
        async receive(max, stop) {
          const taken = await pushed.receive(max, stop);
          for (const delivery of taken) bufferedBytes -= bytesOf(delivery);
          reading.goOn();
          return taken;
        },
        settle(batch) {
          const outcomes = batch.map((each) => settle(connection, each));
          writeAcks();
          return Promise.resolve(outcomes);
        },
        async close() {
          await connection.close();
          // The session keeps all that was not acked.
          return { abandoned: 0 };
        },
      };
    },
  };
}

function bytesOf({ native }: WireDelivery): number {
  return (native as IPublishPacket).payload.length;
}
