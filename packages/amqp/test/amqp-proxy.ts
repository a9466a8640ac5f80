import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
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
export interface AmqpProxy extends AsyncDisposable {
  readonly port: number;
  /** Clients that have connected so far. */
  readonly accepted: number;
  /** Messages that clients have sent, those included that never reached the broker. */
  readonly published: number;
  cut(): void;
  /** Nothing goes through until the function it returns is called. */
  freeze(): () => void;
  /** Open connections swallow everything from now on. */
  blackHole(): void;
  /** The next messages do not reach the broker: the client is told so by nack, or by return and ack. */
  refuse(count: number, by: 'nack' | 'return'): void;
  /** The next confirms do not reach the client; the connection breaks instead. */
  loseConfirms(count: number): void;
  /** The next ack reaches the broker twice; resolves when the broker has closed a channel for it, with 406. */
  repeatAck(): Promise<void>;
  /** Who logs in from now on is refused. */
  deny(): void;
  stop(): Promise<void>;
}

interface Troubles {
  refusals: number;
  refuseBy: 'nack' | 'return';
  lostConfirms: number;
  repeatAck: boolean;
  onChannelClosed: (() => void)[];
  denied: boolean;
  published: number;
  frozen: Promise<void> | undefined;
}

interface Pair {
  cut(): void;
  blackHole(): void;
}

export async function startAmqpProxy(target: { host: string; port: number }): Promise<AmqpProxy> {
  const pairs = new Set<Pair>();
  const troubles: Troubles = {
    refusals: 0,
    refuseBy: 'nack',
    lostConfirms: 0,
    repeatAck: false,
    onChannelClosed: [],
    denied: false,
    published: 0,
    frozen: undefined,
  };
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted += 1;
    const pair = proxied(client, connect(target), troubles, () => pairs.delete(pair));
    pairs.add(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = (): void => {
    for (const pair of [...pairs]) pair.cut();
  };
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get published() {
      return troubles.published;
    },
    cut,
    freeze() {
      let thaw = (): void => undefined;
      troubles.frozen = new Promise((resolve) => {
        thaw = resolve;
      });
      return () => {
        troubles.frozen = undefined;
        thaw();
      };
    },
    blackHole() {
      for (const pair of pairs) pair.blackHole();
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
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What the client of one channel has sent: its numbers are not the broker's once a message was kept back. */
interface Confirms {
  sent: number;
  /** The client's number of what the broker has not confirmed, by the broker's. */
  readonly open: Map<number, number>;
  forwarded: number;
}

function proxied(client: Socket, server: Socket, troubles: Troubles, closed: () => void): Pair {
  const channels = new Map<number, Confirms>();
  /** Frames of a message that is kept back: those still to come on each channel. */
  const keptBack = new Map<number, number>();
  let swallowing = false;
  let openSides = 2;

  const cut = (): void => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const toClient = (bytes: Buffer): void => {
    if (!swallowing && client.writable) client.write(bytes);
  };
  const toServer = (bytes: Buffer): void => {
    if (!swallowing && server.writable) server.write(bytes);
  };

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

  pass(client, true, troubles, fromClient);
  pass(server, false, troubles, fromServer);
  const end = (other: Socket) => (): void => {
    if (!swallowing) other.end();
  };
  client.on('end', end(server));
  server.on('end', end(client));
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on('error', () => {
      if (!swallowing) cut();
    });
    socket.on('close', () => {
      openSides -= 1;
      if (openSides === 0) closed();
    });
  }
  return {
    cut,
    blackHole() {
      swallowing = true;
    },
  };
}

/** Frames in their order, held up while nothing goes through. */
function pass(
  from: Socket,
  beginsWithHeader: boolean,
  troubles: Troubles,
  handle: (frame: Frame) => void,
): void {
  const read = createFrameReader(beginsWithHeader);
  let before = Promise.resolve();
  let held = 0;
  from.on('data', (chunk: Buffer) => {
    if (troubles.frozen === undefined && held === 0) {
      for (const frame of read(chunk)) handle(frame);
      return;
    }
    held += 1;
    before = before
      .then(() => troubles.frozen)
      .then(() => {
        held -= 1;
        for (const frame of read(chunk)) handle(frame);
      });
  });
}
