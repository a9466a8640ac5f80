/** A frame of AMQP 0-9-1, or the eight bytes with which a client begins. */
export interface Frame {
  readonly bytes: Buffer;
  /** 1 method, 2 header, 3 body, 8 heartbeat; 0 for the protocol header. */
  readonly type: number;
  readonly channel: number;
  /** `60.40` for basic.publish; empty where it is no method. */
  readonly method: string;
  readonly payload: Buffer;
}

export const methods = {
  startOk: '10.11',
  channelClose: '20.40',
  publish: '60.40',
  /** Of a consumer; of a broker it is a confirm. */
  ack: '60.80',
  confirm: '60.80',
  nack: '60.120',
  /** Of a channel: its numbers begin anew. */
  channelOpen: '20.10',
} as const;

/** Cuts a stream of bytes into frames, whatever the chunks in which they come. */
export function createFrameReader(beginsWithHeader: boolean): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let header = beginsWithHeader;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const size = header ? 8 : rest.length < 7 ? Infinity : rest.readUInt32BE(3) + 8;
      if (rest.length < size) return frames;
      const bytes = rest.subarray(0, size);
      rest = rest.subarray(size);
      frames.push(header ? protocolHeader(bytes) : frameOf(bytes));
      header = false;
    }
  };
}

function protocolHeader(bytes: Buffer): Frame {
  return { bytes, type: 0, channel: 0, method: '', payload: bytes };
}

function frameOf(bytes: Buffer): Frame {
  const type = bytes.readUInt8(0);
  const payload = bytes.subarray(7, -1);
  const method = type === 1 ? `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}` : '';
  return { bytes, type, channel: bytes.readUInt16BE(1), method, payload };
}

export function methodFrame(channel: number, method: string, body: Buffer): Buffer {
  const [classId = 0, methodId = 0] = method.split('.').map(Number);
  const head = Buffer.alloc(11);
  head.writeUInt8(1, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(body.length + 4, 3);
  head.writeUInt16BE(classId, 7);
  head.writeUInt16BE(methodId, 9);
  return Buffer.concat([head, body, Buffer.from([0xce])]);
}

export function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
}

export function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function answerTo(channel: number, method: string, tag: number): Buffer {
  const body = Buffer.alloc(9);
  body.writeBigUInt64BE(BigInt(tag));
  return methodFrame(channel, method, body);
}

export function confirmFrame(channel: number, tag: number): Buffer {
  return answerTo(channel, methods.confirm, tag);
}

export function nackFrame(channel: number, tag: number): Buffer {
  return answerTo(channel, methods.nack, tag);
}

/** Before the header and body frames of the message. */
export function returnFrame(channel: number): Buffer {
  const body = [short(312), shortText('NO_ROUTE'), shortText('orders'), shortText('')];
  return methodFrame(channel, '60.50', Buffer.concat(body));
}

export function connectionCloseFrame(code: number, text: string): Buffer {
  return methodFrame(0, '10.50', Buffer.concat([short(code), shortText(text), short(0), short(0)]));
}

export function channelCloseFrame(channel: number, code: number, text: string): Buffer {
  const body = [short(code), shortText(text), short(0), short(0)];
  return methodFrame(channel, '20.40', Buffer.concat(body));
}

/** The number that a confirm or nack is about, and whether all before it are meant too. */
export function confirmed({ payload }: Frame): {
  readonly tag: number;
  readonly multiple: boolean;
} {
  return {
    tag: Number(payload.readBigUInt64BE(4)),
    multiple: (payload.readUInt8(12) & 1) === 1,
  };
}
