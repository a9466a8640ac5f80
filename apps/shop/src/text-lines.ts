/** Longer than any order; keeps a file that is not lines at all from filling the memory. */
const maxLineBytes = 262_144;
const newline = 0x0a;

/** Undefined where the line is not text, with the reason. */
export type TextLine =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly text?: undefined; readonly reason: string };

/** The lines of a byte stream, numbered from 1. By bytes, since a text stream would hide what is not UTF-8. */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<TextLine> {
  const line = createLine();
  let number = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(newline, from);
      if (end < 0) break;
      line.add(chunk.subarray(from, end));
      from = end + 1;
      number += 1;
      yield { number, ...line.take() };
    }
    line.add(chunk.subarray(from));
  }
  if (line.bytes > 0) yield { number: number + 1, ...line.take() };
}

interface Line {
  readonly bytes: number;
  add(part: Uint8Array): void;
  take(): { readonly text: string } | { readonly reason: string };
}

function createLine(): Line {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(part) {
      bytes += part.byteLength;
      if (bytes <= maxLineBytes) parts.push(part);
      else parts = [];
    },
    take() {
      const whole = Buffer.concat(parts);
      const isTooLong = bytes > maxLineBytes;
      parts = [];
      bytes = 0;
      if (isTooLong) return { reason: `longer than ${maxLineBytes} bytes` };
      try {
        return { text: decoder.decode(whole) };
      } catch {
        return { reason: 'not valid UTF-8' };
      }
    },
  };
}
