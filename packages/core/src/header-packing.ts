import type { Headers } from './client-types.ts';
import { IntermodalError } from './error.ts';

/** What Intermodal itself writes beside a message, version 1; lower-case alphanumerics are legal everywhere. */
export const wireNames = {
  id: 'imid',
  key: 'imkey',
  /** Published at, milliseconds since the epoch. */
  time: 'imtime',
  /** `base64` where a broker cannot carry the body as it is. */
  encoding: 'imenc',
  /** The headers that found no place of their own, as one JSON object. */
  headers: 'imheaders',
  origin: 'imorigin',
  hop: 'imhop',
  sequence: 'imseq',
  attempt: 'imattempt',
  reason: 'imreason',
  /** Of a dead letter: where the log that it comes from can be read again. */
  position: 'imposition',
  control: 'imctl',
} as const;

/** Names that no user header may have, in any case. */
export const reservedNames: ReadonlySet<string> = new Set(Object.values(wireNames));

const longestReserved = Math.max(...Object.values(wireNames).map((name) => name.length));

/** Written by drivers from fields of the message: a header of that name must not take their place. */
const driversOwn: ReadonlySet<string> = new Set([
  wireNames.id,
  wireNames.key,
  wireNames.time,
  wireNames.encoding,
  wireNames.headers,
]);

/** W3C trace context: read by tools on the way, so they stay visible when others are packed. */
export const tracingNames: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

const noHeaders: ReadonlyMap<string, string> = new Map();
const controlOrLoneSurrogate = /[\p{Cc}\p{Cs}]/u;
const loneSurrogate = /\p{Cs}/u;
/** Legal in a JSON string, but not in an SQS body, an MQTT string or a CloudEvents attribute. */
const unsafeInText = /[\u007F-\u009F\p{Noncharacter_Code_Point}]/gu;

/**
 * A copy of the user's headers. Values are any well-formed text: what a broker cannot carry natively (control
 * characters, an empty value) is packed. Names have no control characters, since some protocols write them as lines.
 *
 * @throws `invalid-argument` naming the header, never its value
 */
export function checkHeaders(headers: Headers | undefined): ReadonlyMap<string, string> {
  if (headers === undefined) return noHeaders;
  const checked = new Map<string, string>();
  for (const [name, value] of entriesOf(headers)) {
    const trouble = nameTrouble(name) ?? valueTrouble(value);
    if (trouble !== undefined) throw refused(name, trouble);
    checked.set(name as string, value as string);
  }
  return checked;
}

function* entriesOf(headers: unknown): Iterable<readonly [unknown, unknown]> {
  if (isMap(headers)) {
    for (const entry of headers) {
      if (!Array.isArray(entry)) throw notHeaders();
      yield [entry[0], entry[1]];
    }
    return;
  }
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw notHeaders();
  yield* Object.entries(headers);
}

/** A record may have a header named `get` too, but its value is a string. */
function isMap(headers: unknown): headers is ReadonlyMap<unknown, unknown> {
  if (headers instanceof Map) return true;
  if (typeof headers !== 'object' || headers === null) return false;
  const { get } = headers as { readonly get?: unknown };
  return typeof get === 'function' && Symbol.iterator in headers;
}

function notHeaders(): IntermodalError {
  return new IntermodalError(
    'invalid-argument',
    'headers must be a plain object or a Map of names to strings',
  );
}

function nameTrouble(name: unknown): string | undefined {
  if (typeof name !== 'string') return `its name is of type ${typeof name}: names must be strings`;
  if (name === '') return 'its name is empty: give it one, or leave it out';
  if (name.length <= longestReserved && reservedNames.has(name.toLowerCase())) {
    return 'Intermodal uses this name itself: choose another';
  }
  if (controlOrLoneSurrogate.test(name)) {
    return 'its name has control characters or half a surrogate pair: use visible characters';
  }
  return undefined;
}

function valueTrouble(value: unknown): string | undefined {
  if (typeof value !== 'string') {
    return `its value is of type ${value === null ? 'null' : typeof value}: leave it out, or make it a string`;
  }
  if (loneSurrogate.test(value))
    return 'its value has half a surrogate pair: encode binary values, as base64 for instance';
  return undefined;
}

function refused(name: unknown, trouble: string): IntermodalError {
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : 'without a name';
  return new IntermodalError('invalid-argument', `header ${shown}: ${trouble}`);
}

export interface PackingRules {
  /** Native headers at most, `imheaders` among them where there is one. */
  readonly maxCount: number;
  /** Longest native name, in bytes of UTF-8. */
  readonly maxNameBytes: number;
  /** Whether the broker carries exactly this name and value. Called for names within `maxNameBytes`. */
  readonly isNative: (name: string, value: string) => boolean;
}

export interface PackedHeaders {
  readonly native: ReadonlyMap<string, string>;
  /** To be sent as `imheaders`: JSON in one line, without control characters; undefined where all are native. */
  readonly packed: string | undefined;
}

/**
 * Splits headers into what the broker carries natively and one JSON text with the rest; nothing is dropped. Where there
 * are too many, core's own and the tracing headers stay native first, then the user's in the order they were given.
 */
export function packHeaders(
  headers: ReadonlyMap<string, string>,
  rules: PackingRules,
): PackedHeaders {
  const unfit = new Set<string>();
  for (const [name, value] of headers) {
    if (!fits(name, value, rules)) unfit.add(name);
  }
  const fitting = headers.size - unfit.size;
  if (unfit.size === 0 && fitting <= rules.maxCount) return { native: headers, packed: undefined };
  const kept = Math.max(0, Math.min(fitting, rules.maxCount - 1));
  const native = new Map<string, string>();
  for (const pick of [isFirst, isLater]) {
    for (const [name, value] of headers) {
      if (native.size < kept && pick(name) && !unfit.has(name)) native.set(name, value);
    }
  }
  const rest = [...headers].filter(([name]) => !native.has(name));
  return { native, packed: headersToJson(rest) };
}

function isFirst(name: string): boolean {
  return reservedNames.has(name) || tracingNames.has(name);
}

function isLater(name: string): boolean {
  return !isFirst(name);
}

function fits(name: string, value: string, rules: PackingRules): boolean {
  return (
    !driversOwn.has(name) && !isLonger(name, rules.maxNameBytes) && rules.isNative(name, value)
  );
}

function isLonger(name: string, maxBytes: number): boolean {
  // No UTF-16 unit takes more than three bytes of UTF-8.
  if (name.length * 3 <= maxBytes) return false;
  return name.length > maxBytes || Buffer.byteLength(name) > maxBytes;
}

/** One line of JSON that every broker's text can hold. Written by hand: an object would reorder and lose `__proto__`. */
export function headersToJson(headers: Iterable<readonly [string, string]>): string {
  const members: string[] = [];
  for (const [name, value] of headers)
    members.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${members.join(',')}}`.replace(unsafeInText, escapeUnits);
}

function escapeUnits(text: string): string {
  let escaped = '';
  for (let index = 0; index < text.length; index += 1) {
    escaped += `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

/**
 * All headers of a message again; a native one wins over a packed one, since only something on the way can have set it.
 *
 * @throws `invalid-message` where `packed` is not a JSON object of strings
 */
export function unpackHeaders(
  native: ReadonlyMap<string, string>,
  packed: string | undefined,
): ReadonlyMap<string, string> {
  if (packed === undefined) return native;
  const all = new Map(headersFromJson(packed));
  for (const [name, value] of native) all.set(name, value);
  return all;
}

/** @throws `invalid-message` */
export function headersFromJson(packed: string): (readonly [string, string])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(packed);
  } catch {
    throw malformed();
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw malformed();
  return Object.entries(parsed).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'string') throw malformed();
    return [name, value];
  });
}

function malformed(): IntermodalError {
  const text = `'${wireNames.headers}' must be a JSON object whose values are strings; its publisher does not follow version 1`;
  return new IntermodalError('invalid-message', text);
}
