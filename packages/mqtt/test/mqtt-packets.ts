/** Types of MQTT packets, as the first byte has them. */
export const types = { connect: 1, connack: 2, publish: 3, puback: 4, suback: 9 } as const;

/** A whole packet as it went over the wire. */
export interface Packet {
  readonly type: number;
  readonly flags: number;
  /** Without the fixed header. */
  readonly body: Buffer;
  readonly bytes: Buffer;
}

/** Cuts what comes into packets. */
export function createPacketReader(onPacket: (packet: Packet) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const packet = firstOf(rest);
      if (packet === undefined) return;
      rest = rest.subarray(packet.bytes.length);
      onPacket(packet);
    }
  };
}

function firstOf(buffer: Buffer): Packet | undefined {
  let length = 0;
  for (let index = 1; index < 5; index += 1) {
    const byte = buffer[index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (index - 1);
    if (byte >= 0x80) continue;
    const end = index + 1 + length;
    if (buffer.length < end) return undefined;
    const first = buffer[0] ?? 0;
    return {
      type: first >> 4,
      flags: first & 0x0f,
      body: buffer.subarray(index + 1, end),
      bytes: buffer.subarray(0, end),
    };
  }
  throw new Error('no packet of MQTT has such a length');
}

/** Of a PUBLISH with QoS 1. */
export function messageIdOf({ type, flags, body }: Packet): number | undefined {
  if (type === types.puback) return body.readUInt16BE(0);
  if (type !== types.publish || (flags & 0x06) === 0) return undefined;
  return body.readUInt16BE(2 + body.readUInt16BE(0));
}

/** Of version 5. */
export function pubackOf(messageId: number, reason: number): Buffer {
  return Buffer.from([0x40, 4, messageId >> 8, messageId & 0xff, reason, 0]);
}

/** What a broker answers to a login that it refuses. */
export function refusedConnack(version: number): Buffer {
  return version === 5 ? Buffer.from([0x20, 3, 0, 0x86, 0]) : Buffer.from([0x20, 2, 0, 4]);
}

/** Of a CONNECT. */
export function versionOf({ body }: Packet): number {
  return body[2 + body.readUInt16BE(0)] ?? 0;
}
