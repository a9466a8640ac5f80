import { Duplex } from 'node:stream';
import type { Channel, ConfirmChannel, ConsumeMessage, Options } from 'amqplib';
import { ackFrame, messageFrames, methodFrame } from './frames.ts';

// What amqplib does for each message and ack is most of what they cost: it makes up to six buffers and passes them through two
// streams. Here the same bytes are written at once. Where amqplib has changed, or somebody has put a function of their
// own in the place of its `publish` or `ack` to observe it, that is called instead; a test says so.

/** As `publish` of amqplib, to one place; `onAnswer` gets nothing for a confirm, and an error for a nack. */
export type Publish = (
  content: Buffer,
  properties: Options.Publish,
  onAnswer: (nack: unknown) => void,
) => void;

/** What amqplib keeps to itself of a channel and its connection. */
interface Hidden {
  readonly ch: number;
  readonly connection: {
    readonly stream: Duplex;
    readonly frameMax: number;
    sentSinceLastCheck: boolean;
  };
}

interface HiddenConfirms extends Hidden {
  pushConfirmCallback(onAnswer: (nack: unknown) => void): void;
}

/** `isDirect` is false where it is amqplib's own. */
export interface Seam<F> {
  readonly run: F;
  readonly isDirect: boolean;
}

export function publisherTo(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
): Seam<Publish> {
  const theirs: Publish = (content, properties, onAnswer) => {
    channel.publish(exchange, routingKey, content, properties, onAnswer);
  };
  if (!isOriginal(channel.publish, 'publish', 5) || !isHiddenConfirms(channel))
    return { run: theirs, isDirect: false };
  const { connection, ch } = channel;
  const method = methodFrame(ch, exchange, routingKey);
  return {
    isDirect: true,
    run(content, properties, onAnswer) {
      if (isClosing(channel) || isClosing(connection)) {
        theirs(content, properties, onAnswer);
        return;
      }
      connection.stream.write(messageFrames(method, properties, content, connection.frameMax));
      connection.sentSinceLastCheck = true;
      channel.pushConfirmCallback(onAnswer);
    },
  };
}

export function ackerOf(channel: Channel): Seam<(message: ConsumeMessage) => void> {
  const theirs = (message: ConsumeMessage): void => {
    channel.ack(message);
  };
  if (!isOriginal(channel.ack, 'ack', 2) || !isHidden(channel))
    return { run: theirs, isDirect: false };
  const { connection, ch } = channel;
  return {
    isDirect: true,
    run(message) {
      if (isClosing(channel) || isClosing(connection)) {
        theirs(message);
        return;
      }
      connection.stream.write(ackFrame(ch, message.fields.deliveryTag));
      connection.sentSinceLastCheck = true;
    },
  };
}

/** Then it has methods that throw, which tell why. */
function isClosing(either: object): boolean {
  return Object.hasOwn(either, 'sendMessage');
}

function isOriginal(
  method: { readonly name: string; readonly length: number },
  name: string,
  length: number,
): boolean {
  return method.name === name && method.length === length;
}

function isHidden(channel: object): channel is Hidden {
  const { ch, connection, sendMessage } = channel as Partial<Hidden> & {
    readonly sendMessage?: unknown;
  };
  const known: Partial<Hidden['connection']> = connection ?? {};
  const { stream, frameMax, sentSinceLastCheck } = known;
  return (
    typeof ch === 'number' &&
    typeof sendMessage === 'function' &&
    stream instanceof Duplex &&
    typeof frameMax === 'number' &&
    frameMax > 0 &&
    typeof sentSinceLastCheck === 'boolean'
  );
}

function isHiddenConfirms(channel: object): channel is HiddenConfirms {
  const { pushConfirmCallback } = channel as Partial<HiddenConfirms>;
  return typeof pushConfirmCallback === 'function' && isHidden(channel);
}
