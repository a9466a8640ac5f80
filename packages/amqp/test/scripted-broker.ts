import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  channelCloseFrame,
  connectionCloseFrame,
  createFrameReader,
  type Frame,
  methodFrame,
  short,
  shortText,
} from './amqp-frames.ts';

/** A peer that speaks AMQP 0-9-1 and does what it is told: for versions and faults that no broker here has. */
export interface ScriptedBroker extends AsyncDisposable {
  readonly port: number;
  /** Reads from clients' sockets. */
  chunks: number;
  /** Methods that clients have sent, `60.80` for basic.ack, with their arguments. */
  readonly heard: readonly Frame[];
  /** Frames of all kinds that belong to what clients have published. */
  readonly published: readonly Frame[];
  /** Resolves once clients have sent so many of them. */
  untilHeard(method: string, count?: number): Promise<readonly Frame[]>;
  /** To the channel on which a client consumes. */
  deliver(tag: number, id: string, deliveryCount?: number): void;
  /** Ends the consumer, as the broker does when its queue moves or is deleted. */
  cancelConsumer(): void;
  closeChannel(code: number, text: string): void;
  closeConnection(code: number, text: string): void;
  /** From now on a command is answered so instead. */
  answer(method: string, bytes: (frame: Frame) => Buffer | undefined): void;
}

const empty = Buffer.alloc(4);

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function longText(text: string): Buffer {
  return Buffer.concat([long(Buffer.byteLength(text)), Buffer.from(text)]);
}

function contentHeader(channel: number, size: number, id: string, deliveryCount?: number): Buffer {
  const count = Buffer.concat([
    shortText('x-delivery-count'),
    Buffer.from('I'),
    long(deliveryCount ?? 0),
  ]);
  const table = deliveryCount === undefined ? empty : Buffer.concat([long(count.length), count]);
  const head = Buffer.alloc(14);
  head.writeUInt16BE(60, 0);
  head.writeBigUInt64BE(BigInt(size), 4);
  head.writeUInt16BE(0x2080, 12);
  return frame(2, channel, Buffer.concat([head, table, shortText(id)]));
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

type Answer = (frame: Frame) => Buffer | undefined;

const usual: Readonly<Record<string, Answer>> = {
  '10.11': () => methodFrame(0, '10.30', Buffer.concat([short(0), long(131_072), short(0)])),
  '10.40': () => methodFrame(0, '10.41', shortText('')),
  '10.50': () => methodFrame(0, '10.51', Buffer.alloc(0)),
  '10.70': () => methodFrame(0, '10.71', Buffer.alloc(0)),
  '20.10': ({ channel }) => methodFrame(channel, '20.11', longText('')),
  '20.40': ({ channel }) => methodFrame(channel, '20.41', Buffer.alloc(0)),
  '40.10': ({ channel }) => methodFrame(channel, '40.11', Buffer.alloc(0)),
  '50.10': ({ channel }) =>
    methodFrame(channel, '50.11', Buffer.concat([shortText('q'), long(0), long(0)])),
  '50.20': ({ channel }) => methodFrame(channel, '50.21', Buffer.alloc(0)),
  '60.10': ({ channel }) => methodFrame(channel, '60.11', Buffer.alloc(0)),
  '60.20': ({ channel }) => methodFrame(channel, '60.21', shortText('tag')),
  '60.30': ({ channel }) => methodFrame(channel, '60.31', shortText('tag')),
  '85.10': ({ channel }) => methodFrame(channel, '85.11', Buffer.alloc(0)),
};

export async function startScriptedBroker(): Promise<ScriptedBroker> {
  const heard: Frame[] = [];
  const published: Frame[] = [];
  const sockets = new Set<Socket>();
  const answers = new Map<string, Answer>(Object.entries(usual));
  const listeners = new Set<() => void>();
  let consumer: { readonly socket: Socket; readonly channel: number } | undefined;

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const read = createFrameReader(true);
    socket.on('data', (chunk: Buffer) => {
      peer.chunks += 1;
      for (const each of read(chunk)) hear(socket, each);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function hear(socket: Socket, each: Frame): void {
    if (each.type === 0) {
      const start = [Buffer.from([0, 9]), empty, longText('PLAIN'), longText('en_US')];
      socket.write(methodFrame(0, '10.10', Buffer.concat(start)));
      return;
    }
    if (each.method === '60.40' || each.type === 2 || each.type === 3) published.push(each);
    if (each.type !== 1) return;
    heard.push(each);
    if (each.method === '60.20') consumer = { socket, channel: each.channel };
    const bytes = answers.get(each.method)?.(each);
    if (bytes !== undefined) socket.write(bytes);
    for (const listener of listeners) listener();
  }

  function toConsumer(bytes: (channel: number) => Buffer): void {
    if (consumer === undefined) throw new Error('nobody consumes');
    consumer.socket.write(bytes(consumer.channel));
  }

  const peer: ScriptedBroker = {
    chunks: 0,
    port: (server.address() as AddressInfo).port,
    heard,
    published,
    async untilHeard(method, count = 1) {
      const found = (): readonly Frame[] => heard.filter((each) => each.method === method);
      while (found().length < count) {
        await new Promise<void>((resolve) => {
          const listener = (): void => {
            listeners.delete(listener);
            resolve();
          };
          listeners.add(listener);
        });
      }
      return found();
    },
    deliver(tag, id, deliveryCount) {
      const number = Buffer.alloc(8);
      number.writeBigUInt64BE(BigInt(tag));
      const body = Buffer.concat([
        shortText('tag'),
        number,
        Buffer.from([deliveryCount === undefined ? 0 : 1]),
        shortText('orders'),
        shortText(''),
      ]);
      toConsumer((channel) =>
        Buffer.concat([
          methodFrame(channel, '60.60', body),
          contentHeader(channel, 1, id, deliveryCount),
          frame(3, channel, Buffer.from('x')),
        ]),
      );
    },
    cancelConsumer() {
      const body = Buffer.concat([shortText('tag'), Buffer.from([1])]);
      toConsumer((channel) => methodFrame(channel, '60.30', body));
    },
    closeChannel(code, text) {
      toConsumer((channel) => channelCloseFrame(channel, code, text));
    },
    closeConnection(code, text) {
      toConsumer(() => connectionCloseFrame(code, text));
    },
    answer(method, bytes) {
      answers.set(method, bytes);
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return peer;
}
