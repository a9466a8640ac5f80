import {
  type Connected,
  type ConnectionProxy,
  endsOf,
  type Pair,
  startConnectionProxy,
} from '@intermodal/brokers/connection-proxy';
import {
  confirmed,
  confirmFrame,
  connectionCloseFrame,
  createFrameReader,
  type Frame,
  methods,
  nackFrame,
  returnFrame,
} from './amqp-frames.ts';

/** A proxy before RabbitMQ that knows the protocol: it refuses single messages and loses single answers. */
export interface AmqpProxy extends ConnectionProxy {
  /** Messages that clients have sent, those included that never reached the broker. */
  readonly published: number;
  /** The next messages do not reach the broker: the client is told so by nack, or by return and ack. */
  refuse(count: number, by: 'nack' | 'return'): void;
  /** The next confirms do not reach the client; the connection breaks instead. */
  loseConfirms(count: number): void;
  /** The next ack reaches the broker twice; resolves when the broker has closed a channel for it, with 406. */
  repeatAck(): Promise<void>;
  /** Who logs in from now on is refused. */
  deny(): void;
}

interface Troubles {
  refusals: number;
  refuseBy: 'nack' | 'return';
  lostConfirms: number;
  repeatAck: boolean;
  onChannelClosed: (() => void)[];
  denied: boolean;
  published: number;
}

export async function startAmqpProxy(target: { host: string; port: number }): Promise<AmqpProxy> {
  const troubles: Troubles = {
    refusals: 0,
    refuseBy: 'nack',
    lostConfirms: 0,
    repeatAck: false,
    onChannelClosed: [],
    denied: false,
    published: 0,
  };
  const proxy = await startConnectionProxy(target, (connected) => proxied(connected, troubles));
  return {
    ...proxy,
    get accepted() {
      return proxy.accepted;
    },
    get published() {
      return troubles.published;
    },
    refuse(count, by) {
      troubles.refusals = count;
      troubles.refuseBy = by;
    },
    loseConfirms(count) {
      troubles.lostConfirms = count;
    },
    repeatAck() {
      troubles.repeatAck = true;
      return new Promise((resolve) => troubles.onChannelClosed.push(resolve));
    },
    deny() {
      troubles.denied = true;
    },
  };
}

/** What the client of one channel has sent: its numbers are not the broker's once a message was kept back. */
interface Confirms {
  sent: number;
  /** The client's number of what the broker has not confirmed, by the broker's. */
  readonly open: Map<number, number>;
  forwarded: number;
}

function proxied(connected: Connected, troubles: Troubles): Pair {
  // The broker finds out by its own heartbeats, which come each second.
  const ends = endsOf(connected, 'leave');
  const { toClient, toServer, cut } = ends;
  const channels = new Map<number, Confirms>();
  /** Frames of a message that is kept back: those still to come on each channel. */
  const keptBack = new Map<number, number>();

  function confirmsOf(channel: number): Confirms {
    const found = channels.get(channel) ?? { sent: 0, open: new Map(), forwarded: 0 };
    channels.set(channel, found);
    return found;
  }

  function fromClient(frame: Frame): void {
    if (frame.method === methods.startOk && troubles.denied) {
      toClient(connectionCloseFrame(403, 'ACCESS_REFUSED'));
      return;
    }
    if (frame.method === methods.channelOpen) channels.delete(frame.channel);
    if (frame.method === methods.publish) published(frame);
    else if (keptBack.has(frame.channel) && frame.type > 1) contentKeptBack(frame);
    else toServer(frame.bytes);
    if (frame.method === methods.ack && troubles.repeatAck) {
      troubles.repeatAck = false;
      toServer(frame.bytes);
    }
  }

  function published(frame: Frame): void {
    const confirms = confirmsOf(frame.channel);
    confirms.sent += 1;
    troubles.published += 1;
    if (troubles.refusals > 0) {
      troubles.refusals -= 1;
      keptBack.set(frame.channel, Infinity);
      if (troubles.refuseBy === 'return') toClient(returnFrame(frame.channel));
      return;
    }
    confirms.forwarded += 1;
    confirms.open.set(confirms.forwarded, confirms.sent);
    toServer(frame.bytes);
  }

  function contentKeptBack(frame: Frame): void {
    const { channel } = frame;
    const left =
      frame.type === 2
        ? Number(frame.payload.readBigUInt64BE(4))
        : (keptBack.get(channel) ?? 0) - frame.payload.length;
    keptBack.set(channel, left);
    const isReturned = troubles.refuseBy === 'return';
    if (isReturned) toClient(frame.bytes);
    if (left > 0) return;
    keptBack.delete(channel);
    const { sent } = confirmsOf(channel);
    toClient(isReturned ? confirmFrame(channel, sent) : nackFrame(channel, sent));
  }

  function fromServer(frame: Frame): void {
    if (frame.method === methods.channelClose)
      for (const tell of troubles.onChannelClosed.splice(0)) tell();
    if (frame.method !== methods.confirm && frame.method !== methods.nack) {
      toClient(frame.bytes);
      return;
    }
    const { open } = confirmsOf(frame.channel);
    const { tag, multiple } = confirmed(frame);
    const answered = [...open.keys()].filter((each) => each === tag || (multiple && each < tag));
    for (const each of answered) {
      const number = open.get(each) ?? 0;
      open.delete(each);
      if (troubles.lostConfirms > 0) {
        troubles.lostConfirms -= 1;
        cut();
        return;
      }
      const answer = frame.method === methods.confirm ? confirmFrame : nackFrame;
      toClient(answer(frame.channel, number));
    }
  }

  const read = { client: createFrameReader(true), server: createFrameReader(false) };
  ends.pass('client', (chunk) => read.client(chunk).forEach(fromClient));
  ends.pass('server', (chunk) => read.server(chunk).forEach(fromServer));
  return ends;
}
