/** A frame as it arrived. */
export interface Frame {
  readonly command: string;
  /** Of a repeated header the first counts. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export type FrameHeaders = Iterable<readonly [string, string]>;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const end = 0x00;
const special = /[\\\r\n:]/;
const specials = /[\\\r\n:]/g;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\r': '\\r',
  '\n': '\\n',
  ':': '\\c',
};
const escaped = /\\(.)/gs;
const meanings: Readonly<Record<string, string>> = { '\\': '\\', r: '\r', n: '\n', c: ':' };

/** As names and values stand in frames. @see https://stomp.github.io/stomp-specification-1.2.html#Value_Encoding */
export function escapeHeader(text: string): string {
  if (!special.test(text)) return text;
  return text.replace(specials, (character) => escapes[character] ?? character);
}

/** A sequence that means nothing stays as it is. */
export function unescapeHeader(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(escaped, (sequence, letter: string) => meanings[letter] ?? sequence);
}

/** The lines of headers, each with its end. */
export function headerLines(headers: FrameHeaders): string {
  let lines = '';
  for (const [name, value] of headers) lines += `${escapeHeader(name)}:${escapeHeader(value)}\n`;
  return lines;
}

/** A frame without a body. */
export function frameText(command: string, headers: FrameHeaders): string {
  return `${command}\n${headerLines(headers)}\n\0`;
}

export interface FrameReader {
  /** Whole frames in what has come so far. */
  push(chunk: Buffer): void;
}

export interface FrameListener {
  /** The bytes are those of the frame as it came, without the ends of line around it. */
  readonly onFrame: (frame: Frame, bytes: Buffer) => void;
  /** Ends of line between frames. */
  readonly onHeartBeat: () => void;
  /** A body was longer than its stated length: what follows can be read no more. */
  readonly onBroken: () => void;
}

/** Cuts what a broker sends into frames. A body is not copied: it is a view of what was pushed. */
export function createFrameReader({ onFrame, onHeartBeat, onBroken }: FrameListener): FrameReader {
  let chunks: Buffer[] = [];
  let length = 0;
  /** Fewer bytes than these cannot hold the frame that has begun; 0 where only its end can tell. */
  let needed = 0;
  let isBroken = false;

  /** What comes after it in the same buffer, or nothing where the frame is not whole. */
  function read(data: Buffer, from: number): number | undefined {
    const headEnd = endOfHead(data, from);
    if (headEnd === undefined) return undefined;
    const { command, headers } = headOf(data.toString('utf8', from, headEnd.text));
    const bodyAt = headEnd.body;
    const stated = headers.get('content-length');
    const bodyEnd =
      stated === undefined ? data.indexOf(end, bodyAt) : bodyAt + Number.parseInt(stated, 10);
    if (bodyEnd === -1) return undefined;
    if (bodyEnd >= data.length) {
      needed = bodyEnd + 1 - from;
      return undefined;
    }
    if (data[bodyEnd] !== end) {
      isBroken = true;
      onBroken();
      return undefined;
    }
    const body = data.subarray(bodyAt, bodyEnd);
    onFrame({ command, headers, body }, data.subarray(from, bodyEnd + 1));
    return bodyEnd + 1;
  }

  function readAll(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      const byte = data[at];
      if (byte === lineFeed || byte === carriageReturn) {
        if (byte === lineFeed) onHeartBeat();
        at += 1;
        continue;
      }
      needed = 0;
      const next = read(data, at);
      if (next === undefined) break;
      at = next;
    }
    const rest = data.subarray(at);
    chunks = rest.length === 0 ? [] : [rest];
    length = rest.length;
  }

  return {
    push(chunk) {
      if (isBroken) return;
      if (length === 0) {
        readAll(chunk);
        return;
      }
      const isHopeless = needed > 0 ? length + chunk.length < needed : !chunk.includes(end);
      chunks.push(chunk);
      length += chunk.length;
      if (!isHopeless) readAll(Buffer.concat(chunks, length));
    },
  };
}

/** Where the last header line ends, and where the body begins. */
function endOfHead(
  data: Buffer,
  from: number,
): { readonly text: number; readonly body: number } | undefined {
  let at = data.indexOf(lineFeed, from);
  while (at !== -1) {
    const next = data[at + 1];
    if (next === lineFeed) return { text: at, body: at + 2 };
    if (next === carriageReturn && data[at + 2] === lineFeed) return { text: at, body: at + 3 };
    at = data.indexOf(lineFeed, at + 1);
  }
  return undefined;
}

function headOf(text: string): Pick<Frame, 'command' | 'headers'> {
  const [command = '', ...lines] = text.split('\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const isLong = line.endsWith('\r');
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const name = unescapeHeader(line.slice(0, colon));
    if (headers.has(name)) continue;
    headers.set(name, unescapeHeader(line.slice(colon + 1, isLong ? -1 : undefined)));
  }
  return { command: command.trimEnd(), headers };
}
