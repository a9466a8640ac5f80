/** A whole packet, without its fixed header. */
export interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** Cuts what comes into packets of MQTT. */
export function readPackets(): (chunk: Buffer) => readonly Packet[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const found: Packet[] = [];
    let start = 0;
    for (;;) {
      let length = 0;
      let at = start + 1;
      let factor = 1;
      let byte = rest[at];
      while (byte !== undefined && byte >= 0x80) {
        length += (byte & 0x7f) * factor;
        factor *= 128;
        at += 1;
        byte = rest[at];
      }
      const end = at + 1 + length + (byte ?? 0) * factor;
      if (byte === undefined || end > rest.length) break;
      const first = rest[start] ?? 0;
      found.push({ type: first >> 4, flags: first & 0x0f, body: rest.subarray(at + 1, end) });
      start = end;
    }
    rest = rest.subarray(start);
    return found;
  };
}
