import { randomFillSync } from 'node:crypto';

const length = 36;
// Built as one text for several ids: less than half of what `crypto.randomUUID` costs, whose text is moreover a chain of
// twenty pieces until somebody reads it. More at once would be kept alive by any one of them for little gain.
const atOnce = 8;
const digits = Buffer.from('0123456789abcdef');
const dashes = [8, 13, 18, 23];
/** Where the two digits of each byte stand. */
const places = Array.from({ length: 16 }, (_, byte) => {
  const digit = byte * 2;
  return digit + dashes.filter((dash, index) => dash - index <= digit).length;
});

const random = new Uint8Array(16 * 256);
let used = random.length;
const text = Buffer.alloc(length * atOnce, '-');
let made = '';
let next = text.length;

/** A random UUID. @see RFC 9562, section 5.4 */
export function messageId(): string {
  if (next === text.length) {
    for (let offset = 0; offset < text.length; offset += length) write(offset);
    made = text.toString('latin1');
    next = 0;
  }
  const id = made.slice(next, next + length);
  next += length;
  return id;
}

function write(offset: number): void {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  for (let index = 0; index < 16; index += 1) {
    let byte = random[used + index] ?? 0;
    if (index === 6) byte = (byte & 0x0f) | 0x40; // version 4
    if (index === 8) byte = (byte & 0x3f) | 0x80; // variant
    const at = offset + (places[index] ?? 0);
    text[at] = digits[byte >> 4] ?? 0;
    text[at + 1] = digits[byte & 0x0f] ?? 0;
  }
  used += 16;
}
