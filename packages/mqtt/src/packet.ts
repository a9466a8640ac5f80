/** A PUBLISH with QoS 1, whole but for its id. */
export interface PublishPacket {
  readonly bytes: Buffer;
  /** Where the id belongs. */
  readonly idAt: number;
}

export interface PublishParts {
  readonly topic: string;
  readonly retain: boolean;
  /** Of version 5, without their length. */
  readonly properties: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

const publishQos1 = 0x32;
const retainFlag = 0x01;
const puback = 0x40;

/**
 * In one piece, since the library makes a dozen writes of a packet.
 *
 * @see https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901100
 */
export function encodePublish({ topic, retain, properties, payload }: PublishParts): PublishPacket {
  const topicBytes = Buffer.byteLength(topic);
  const propertyBytes = properties?.length ?? 0;
  const prefixed = properties === undefined ? 0 : lengthBytes(propertyBytes) + propertyBytes;
  const rest = 2 + topicBytes + 2 + prefixed + payload.length;
  const bytes = Buffer.allocUnsafe(1 + lengthBytes(rest) + rest);
  bytes[0] = retain ? publishQos1 | retainFlag : publishQos1;
  let at = writeLength(bytes, 1, rest);
  at = bytes.writeUInt16BE(topicBytes, at);
  at += bytes.write(topic, at);
  const idAt = at;
  at += 2;
  if (properties !== undefined) {
    at = writeLength(bytes, at, propertyBytes);
    bytes.set(properties, at);
    at += propertyBytes;
  }
  bytes.set(payload, at);
  return { bytes, idAt };
}

/** One after another, without a reason: success. */
export function encodePubacks(messageIds: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(messageIds.length * 4);
  messageIds.forEach((id, index) => {
    bytes.writeUInt16BE((puback << 8) | 2, index * 4);
    bytes.writeUInt16BE(id, index * 4 + 2);
  });
  return bytes;
}

/** Writes properties one behind another. */
export interface PropertyWriter {
  byte(property: number, value: number): void;
  seconds(property: number, value: number): void;
  text(property: number, value: string): void;
  pair(property: number, name: string, value: string): void;
  /** All that was written; valid until the next one writes. */
  done(): Uint8Array;
}

// One for all: nothing else runs between its first byte and the copy that is made of it.
let scratch = Buffer.allocUnsafe(4_096);

export function propertyWriter(): PropertyWriter {
  let at = 0;

  function makeRoom(bytes: number): void {
    if (at + bytes <= scratch.length) return;
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + bytes));
    scratch.copy(larger, 0, 0, at);
    scratch = larger;
  }

  function text(value: string): void {
    // No UTF-16 unit takes more than three bytes of UTF-8.
    makeRoom(2 + value.length * 3);
    const written = scratch.write(value, at + 2);
    scratch.writeUInt16BE(written, at);
    at += 2 + written;
  }

  function property(code: number): void {
    makeRoom(5);
    scratch[at] = code;
    at += 1;
  }

  return {
    byte(code, value) {
      property(code);
      scratch[at] = value;
      at += 1;
    },
    seconds(code, value) {
      property(code);
      at = scratch.writeUInt32BE(value, at);
    },
    text(code, value) {
      property(code);
      text(value);
    },
    pair(code, name, value) {
      property(code);
      text(name);
      text(value);
    },
    done: () => scratch.subarray(0, at),
  };
}

/** Of a variable byte integer. */
function lengthBytes(length: number): number {
  if (length < 128) return 1;
  if (length < 16_384) return 2;
  return length < 2_097_152 ? 3 : 4;
}

function writeLength(bytes: Buffer, at: number, length: number): number {
  let position = at;
  let rest = length;
  while (rest >= 128) {
    bytes[position] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    position += 1;
  }
  bytes[position] = rest;
  return position + 1;
}
