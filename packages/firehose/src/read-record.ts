import {
  bodyBytes,
  copyBytes,
  decodeEnvelope,
  IntermodalError,
  reservedNames,
  type WireMessage,
} from '@intermodal/core/driver';

/** How records are read that Firehose hands over. */
export interface ReadForm {
  readonly channel: string;
  readonly envelope: 'cloudevents' | 'none';
  /** What the publisher put behind each record. */
  readonly delimiter: string;
}

/** What is known of a record beside its data; it is the message's own where the record has no envelope. */
export interface RecordFacts {
  readonly id: string;
  readonly key: string | undefined;
  readonly arrivedAt: number | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ReadRecord {
  readonly message: WireMessage;
  /** As it came, out of its base64; where it was none, its text. */
  readonly data: Uint8Array;
  /** What the record is alone with its fault: the records around it go on. */
  readonly undecodable: IntermodalError | undefined;
}

/** A record whose data came as base64. Never throws. */
export function readRecord(base64: unknown, facts: RecordFacts, form: ReadForm): ReadRecord {
  const decoded = fromBase64(base64);
  const data = decoded ?? bodyBytes(typeof base64 === 'string' ? base64 : '');
  const body = withoutDelimiter(data, form.delimiter);
  const foreign: WireMessage = {
    id: facts.id,
    channel: form.channel,
    key: facts.key,
    publishedAt: facts.arrivedAt,
    headers: headersOf(facts.attributes),
    body,
  };
  if (decoded === undefined)
    return { message: foreign, data, undecodable: malformed('it is not base64') };
  try {
    const message = isEvent(body, form) ? decodeEnvelope(body, form.channel) : undefined;
    return { message: message ?? foreign, data, undecodable: undefined };
  } catch (cause) {
    const options = { code: 'invalid-message', transport: 'firehose' } as const;
    return { message: foreign, data, undecodable: IntermodalError.from(cause, options) };
  }
}

/** Anything else than a JSON object is no CloudEvent, and is a body as it is. */
function isEvent(body: Uint8Array, { envelope }: ReadForm): boolean {
  return envelope === 'cloudevents' && body[0] === 0x7b;
}

function withoutDelimiter(data: Uint8Array, delimiter: string): Uint8Array {
  if (delimiter === '') return data;
  const end = Buffer.from(delimiter);
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const isThere = view.length >= end.length && view.subarray(view.length - end.length).equals(end);
  return isThere ? data.subarray(0, data.length - end.length) : data;
}

/** Undefined where it is something else; Buffer would skip what it does not know. */
function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length % 4 !== 0) return undefined;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  // A copy: Buffer hands out parts of a shared pool.
  return copyBytes(Buffer.from(text, 'base64'));
}

function headersOf(attributes: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const entries = Object.entries(attributes);
  return new Map(entries.filter(([name]) => !reservedNames.has(name.toLowerCase())));
}

function malformed(what: string): IntermodalError {
  const options = { transport: 'firehose' };
  return new IntermodalError('invalid-message', `the record cannot be read: ${what}`, options);
}
