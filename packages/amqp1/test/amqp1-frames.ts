/** A frame of AMQP 1.0, or the eight bytes with which each layer begins. */
export interface Frame {
  readonly bytes: Buffer;
  /** 0 for AMQP, 1 for SASL, 8 for a protocol header. */
  readonly type: number;
  readonly channel: number;
  /** The descriptor of what it performs; 0 where it is empty. */
  readonly code: number;
  /** Encoded fields of what it performs. */
  readonly fields: readonly Buffer[];
  readonly payload: Buffer;
}

export const codes = {
  saslInit: 0x41,
  saslOutcome: 0x44,
  begin: 0x11,
  transfer: 0x14,
  disposition: 0x15,
} as const;

const headerMark = Buffer.from('AMQP').readUInt32BE();
const nothing = Buffer.from([0x40]);

/** Cuts a stream of bytes into frames, whatever the chunks in which they come. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      if (rest.length < 8) return frames;
      const first = rest.readUInt32BE(0);
      const size = first === headerMark ? 8 : first;
      if (rest.length < size) return frames;
      frames.push(frameOf(rest.subarray(0, size), first === headerMark));
      rest = rest.subarray(size);
    }
  };
}

function frameOf(bytes: Buffer, isHeader: boolean): Frame {
  const empty = { bytes, channel: 0, code: 0, fields: [], payload: Buffer.alloc(0) };
  if (isHeader) return { ...empty, type: 8 };
  const type = bytes.readUInt8(5);
  const channel = bytes.readUInt16BE(6);
  const body = bytes.subarray(bytes.readUInt8(4) * 4);
  if (body.length === 0) return { ...empty, type, channel };
  const descriptor = 1 + sizeOf(body, 1);
  const size = sizeOf(body, descriptor);
  const fields = itemsOf(body.subarray(descriptor, descriptor + size));
  const code = Number(numberOf(body.subarray(1, descriptor)));
  return { bytes, type, channel, code, fields, payload: body.subarray(descriptor + size) };
}

/** How many bytes the value that begins there takes. */
function sizeOf(bytes: Buffer, at: number): number {
  const code = bytes.readUInt8(at);
  if (code === 0) {
    const descriptor = sizeOf(bytes, at + 1);
    return 1 + descriptor + sizeOf(bytes, at + 1 + descriptor);
  }
  const width = code >>> 4;
  if (width < 10) return 1 + [0, 0, 0, 0, 0, 1, 2, 4, 8, 16][width]!;
  return width % 2 === 0 ? 2 + bytes.readUInt8(at + 1) : 5 + bytes.readUInt32BE(at + 1);
}

function itemsOf(list: Buffer): Buffer[] {
  const code = list.readUInt8(0);
  if (code === 0x45) return [];
  const items: Buffer[] = [];
  for (let at = code === 0xc0 ? 3 : 9; at < list.length;) {
    const size = sizeOf(list, at);
    items.push(list.subarray(at, at + size));
    at += size;
  }
  return items;
}

/** Of an unsigned number in any of its encodings; undefined for null. */
export function numberOf(item: Buffer | undefined): number | undefined {
  const width = item === undefined ? 0 : item.readUInt8(0) >>> 4;
  if (item === undefined || item[0] === 0x40) return undefined;
  if (width === 4) return 0;
  return Number(BigInt(`0x${item.subarray(1).toString('hex')}`));
}

export function isTrue(item: Buffer | undefined): boolean {
  return item?.[0] === 0x41 || (item?.[0] === 0x56 && item[1] === 1);
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(0x70);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

function boolean(value: boolean): Buffer {
  return Buffer.from([value ? 0x41 : 0x42]);
}

function symbol(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xa3, text.length]), Buffer.from(text)]);
}

function described(code: number, fields: readonly Buffer[]): Buffer {
  const content = Buffer.concat(fields);
  const head = Buffer.alloc(12);
  head.writeUInt8(0x53, 1);
  head.writeUInt8(code, 2);
  head.writeUInt8(0xd0, 3);
  head.writeUInt32BE(content.length + 4, 4);
  head.writeUInt32BE(fields.length, 8);
  return Buffer.concat([head, content]);
}

function frame(
  type: 0 | 1,
  channel: number,
  code: number,
  fields: readonly Buffer[],
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const body = Buffer.concat([described(code, fields), payload]);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.writeUInt8(2, 4);
  head.writeUInt8(type, 5);
  head.writeUInt16BE(channel, 6);
  return Buffer.concat([head, body]);
}

/** The frame with another number in one of its fields. */
export function renumbered(found: Frame, numbers: ReadonlyMap<number, number>): Buffer {
  const fields = found.fields.map((field, index) => {
    const value = numbers.get(index);
    return value === undefined ? field : uint(value);
  });
  return frame(0, found.channel, found.code, fields, found.payload);
}

/** What a receiving broker says of one message. */
export function outcomeFrame(channel: number, id: number, state: Buffer): Buffer {
  return frame(0, channel, codes.disposition, [
    boolean(true),
    uint(id),
    uint(id),
    boolean(true),
    state,
  ]);
}

export const outcomes = {
  /** For a while: a limit is reached. */
  rejected: described(0x25, [
    described(0x1d, [symbol('amqp:resource-limit-exceeded'), nothing, nothing]),
  ]),
  /** For good: no queue took it. */
  released: described(0x26, []),
} as const;

/** The login is refused. */
export const deniedFrame: Buffer = frame(1, 0, codes.saslOutcome, [Buffer.from([0x50, 1])]);
