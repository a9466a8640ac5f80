import { copyBytes } from './copy-bytes.ts';
import { IntermodalError } from './error.ts';

/** Turns a body into what goes on the wire and back. Both may throw; the message is then refused, or rejected alone. */
export interface Codec<T> {
  /** Sent with every message, so that other programs can read it. */
  readonly contentType: string;
  /** A string is sent as text where the broker knows text; bytes are never changed. */
  encode(value: T): string | Uint8Array;
  /** What it returns is the handler's to change, so it must not share memory with `body`, which a retry decodes again. */
  decode(body: string | Uint8Array): T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a wire body. */
export function bodyBytes(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? encoder.encode(body) : body;
}

/** Text of a wire body. Throws `invalid-message` where the bytes are not UTF-8. */
export function bodyText(body: string | Uint8Array): string {
  if (typeof body === 'string') return body;
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new IntermodalError('invalid-message', 'the body is not valid UTF-8 text', { cause });
  }
}

/** JSON text, the default. A value that JSON cannot hold (`undefined`, a cycle, a bigint) is refused. */
export function json<T = unknown>(): Codec<T> {
  return jsonCodec as Codec<T>;
}

let justWritten: string | undefined;

/** Whether the codec wrote it last, so that it is known to be JSON, on one line, without being parsed again. */
export function isJustWritten(text: string): boolean {
  return text === justWritten;
}

const jsonCodec: Codec<unknown> = {
  contentType: 'application/json',
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined)
      throw new IntermodalError('invalid-argument', 'JSON cannot hold this body');
    justWritten = text;
    return text;
  },
  decode(body) {
    try {
      return JSON.parse(bodyText(body)) as unknown;
    } catch (cause) {
      if (IntermodalError.is(cause)) throw cause;
      // The parser's own message quotes the text, and a body never stands in an error.
      throw new IntermodalError('invalid-message', 'the body is not valid JSON');
    }
  },
};

/** Text, as it is. */
export const text: Codec<string> = {
  contentType: 'text/plain; charset=utf-8',
  encode: (value) => value,
  decode: bodyText,
};

/** Bytes, as they are: for bodies that are encoded already. Those published must not change until `publish` resolves. */
export const bytes: Codec<Uint8Array> = {
  contentType: 'application/octet-stream',
  encode: (value) => value,
  decode: (body) => (typeof body === 'string' ? encoder.encode(body) : copyBytes(body)),
};
