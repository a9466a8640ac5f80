import type { Options } from 'amqplib';

const endOfFrame = 0xce;
/** Type, channel and size before the payload, the end after it. */
const frameBytes = 8;

/** `basic.publish`: the same for all messages to one place, so made once. */
export function methodFrame(channel: number, exchange: string, routingKey: string): Buffer {
  const names = [exchange, routingKey].map((name) => Buffer.from(name));
  const size = names.reduce((sum, { length }) => sum + 1 + length, 7);
  const frame = Buffer.alloc(size + frameBytes);
  let offset = beginFrame(frame, 0, 1, channel, size);
  offset = frame.writeUInt16BE(60, offset);
  offset = frame.writeUInt16BE(40, offset);
  // Two bytes that are reserved.
  offset += 2;
  for (const name of names) {
    offset = frame.writeUInt8(name.length, offset);
    offset += name.copy(frame, offset);
  }
  // Mandatory.
  offset = frame.writeUInt8(1, offset);
  frame.writeUInt8(endOfFrame, offset);
  return frame;
}

/** `basic.ack` of one delivery. */
export function ackFrame(channel: number, deliveryTag: number): Buffer {
  const frame = Buffer.allocUnsafe(13 + frameBytes);
  let offset = beginFrame(frame, 0, 1, channel, 13);
  offset = frame.writeUInt32BE(60 * 65_536 + 80, offset);
  offset = writeLong(frame, offset, deliveryTag);
  // Not what was delivered before it.
  frame[offset] = 0;
  frame[offset + 1] = endOfFrame;
  return frame;
}

/**
 * A message as it goes on the wire, in one buffer: with the properties that `writeMessage` sets, and in frames of at most
 * `frameMax` bytes.
 *
 * @see https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf section 4.2.6
 */
export function messageFrames(
  method: Buffer,
  properties: Options.Publish,
  content: Buffer,
  frameMax: number,
): Buffer {
  const channel = method.readUInt16BE(1);
  const size = 14 + propertiesBytes(properties);
  const most = frameMax - frameBytes;
  const bodies = Math.ceil(content.length / most);
  const frames = Buffer.allocUnsafe(
    method.length + size + content.length + frameBytes * (1 + bodies),
  );
  let offset = method.copy(frames, 0);
  offset = beginFrame(frames, offset, 2, channel, size);
  offset = frames.writeUInt32BE(60 * 65_536, offset);
  offset = frames.writeUInt32BE(0, offset);
  offset = frames.writeUInt32BE(content.length, offset);
  offset = writeProperties(frames, offset, properties);
  frames[offset] = endOfFrame;
  offset += 1;
  for (let from = 0; from < content.length; from += most) {
    const to = Math.min(content.length, from + most);
    offset = beginFrame(frames, offset, 3, channel, to - from);
    offset += content.copy(frames, offset, from, to);
    frames[offset] = endOfFrame;
    offset += 1;
  }
  return frames;
}

function beginFrame(
  frame: Buffer,
  offset: number,
  type: number,
  channel: number,
  size: number,
): number {
  frame[offset] = type;
  frame.writeUInt16BE(channel, offset + 1);
  return frame.writeUInt32BE(size, offset + 3);
}

type Table = Readonly<Record<string, string>>;

function propertiesBytes(properties: Options.Publish): number {
  const { contentType, priority, expiration, messageId, timestamp } = properties;
  let bytes = 4 + 1;
  if (contentType !== undefined) bytes += 1 + Buffer.byteLength(contentType);
  const table = properties.headers as Table;
  for (const name in table)
    bytes += 6 + Buffer.byteLength(name) + Buffer.byteLength(table[name] ?? '');
  if (priority !== undefined) bytes += 1;
  if (expiration !== undefined) bytes += 1 + String(expiration).length;
  if (messageId !== undefined) bytes += 1 + Buffer.byteLength(messageId);
  if (timestamp !== undefined) bytes += 8;
  return bytes;
}

/** Delivery mode and headers are there always. */
function writeProperties(frames: Buffer, start: number, properties: Options.Publish): number {
  const { contentType, priority, expiration, messageId, timestamp } = properties;
  let flags = 0x3000;
  let offset = start + 2;
  if (contentType !== undefined) {
    flags |= 0x8000;
    offset = writeShort(frames, offset, contentType);
  }
  offset = writeTable(frames, offset, properties.headers as Table);
  // Persistent.
  frames[offset] = 2;
  offset += 1;
  if (priority !== undefined) {
    flags |= 0x0800;
    frames[offset] = priority;
    offset += 1;
  }
  if (expiration !== undefined) {
    flags |= 0x0100;
    offset = writeShort(frames, offset, String(expiration));
  }
  if (messageId !== undefined) {
    flags |= 0x0080;
    offset = writeShort(frames, offset, messageId);
  }
  if (timestamp !== undefined) {
    flags |= 0x0040;
    offset = writeLong(frames, offset, timestamp);
  }
  frames.writeUInt16BE(flags, start);
  return offset;
}

/** 64 bits. */
function writeLong(frame: Buffer, offset: number, value: number): number {
  frame.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  return frame.writeUInt32BE(value % 2 ** 32, offset + 4);
}

function writeShort(frames: Buffer, offset: number, text: string): number {
  const length = frames.write(text, offset + 1);
  frames[offset] = length;
  return offset + 1 + length;
}

function writeTable(frames: Buffer, start: number, table: Table): number {
  let offset = start + 4;
  for (const name in table) {
    offset = writeShort(frames, offset, name);
    // A long string.
    frames[offset] = 0x53;
    const length = frames.write(table[name] ?? '', offset + 5);
    frames.writeUInt32BE(length, offset + 1);
    offset += 5 + length;
  }
  frames.writeUInt32BE(offset - start - 4, start);
  return offset;
}
