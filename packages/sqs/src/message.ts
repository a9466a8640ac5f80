import { randomUUID } from 'node:crypto';
import type { MessageAttributeValue, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { IntermodalError, packHeaders, type WireMessage } from '@intermodal/core/driver';
import { encodeBody, fitsAttribute, identifierOf, isTraceHeader, traceHeaderOf } from './wire-text.ts';

/** How messages to one queue are written. */
export interface WireForm {
  /** `fifo`: groups order; `fair`: the key is a group that orders nothing; `plain`: no groups. */
  readonly groups: 'fifo' | 'fair' | 'plain';
  /**
   * `fresh`: one that comes twice within five minutes is no repeat. So for dead letters: SQS would take the second,
   * store nothing, and its original would then be acknowledged and lost.
   */
  readonly dedupe: 'by-id' | 'fresh';
  readonly maxMessageBytes: number;
  /** For error messages. */
  readonly place: string;
}

/** A batch entry without the id that only its batch can give. */
export type Entry = Omit<SendMessageBatchRequestEntry, 'Id'>;

export interface WrittenEntry {
  readonly entry: Entry;
  /** Body and attributes as the service counts them; system attributes are free. */
  readonly bytes: number;
  readonly lane: string | undefined;
}

/** Attribute and header names of the wire format that this transport gives a meaning. */
export const names = {
  id: 'imid',
  key: 'imkey',
  publishedAt: 'imtime',
  encoding: 'imenc',
  packed: 'imheaders',
  contentType: 'content-type',
  trace: 'x-amzn-trace-id',
} as const;

const maxAttributes = 10;
const maxDelaySeconds = 900;
const dataType = 'String';
/** Those that other tools look for stay attributes of their own, whatever else must be packed. */
const first = new Set(['traceparent', 'tracestate']);

/** @throws `too-large`, `invalid-message`, `invalid-argument`, `unsupported` */
export function writeEntry(message: WireMessage, form: WireForm): WrittenEntry {
  const body = encodeBody(message.body);
  const group = form.groups === 'plain' ? undefined : identifierOf(message.key ?? message.id);
  const native = new Map<string, string>();
  const packed = new Map<string, string>();
  for (const [name, value] of ownAttributes(message, group, body.base64)) {
    (fitsAttribute(name, value) ? native : packed).set(name, value);
  }
  addHeaders(message.headers, native, packed);
  if (packed.size > 0) native.set(names.packed, packHeaders(packed));

  let bytes = Buffer.byteLength(body.text);
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const [name, value] of native) {
    bytes += name.length + dataType.length + Buffer.byteLength(value);
    attributes[name] = stringAttribute(value);
  }
  if (bytes > form.maxMessageBytes) throw tooLarge(bytes, form);

  const entry: Entry = { MessageBody: body.text, MessageAttributes: attributes };
  const trace = systemTrace(message.headers);
  if (trace !== undefined) entry.MessageSystemAttributes = { AWSTraceHeader: stringAttribute(trace) };
  if (message.delayMs !== undefined) entry.DelaySeconds = delaySeconds(message.delayMs, form);
  if (group !== undefined) entry.MessageGroupId = group;
  if (form.groups === 'fifo') entry.MessageDeduplicationId = dedupeId(message, form);
  return { entry, bytes, lane: form.groups === 'fifo' ? group : undefined };
}

function stringAttribute(value: string): { DataType: string; StringValue: string } {
  return { DataType: dataType, StringValue: value };
}

function ownAttributes(message: WireMessage, group: string | undefined, base64: boolean): [string, string][] {
  const own: [string, string][] = [[names.id, message.id]];
  if (message.publishedAt !== undefined) own.push([names.publishedAt, String(message.publishedAt)]);
  if (message.key !== undefined && !saysKey(message.key, message.id, group)) own.push([names.key, message.key]);
  if (base64) own.push([names.encoding, 'base64']);
  if (message.contentType !== undefined) own.push([names.contentType, message.contentType]);
  return own;
}

/** A group that is the id's own means a message without a key, so such a key must be said besides. */
function saysKey(key: string, id: string, group: string | undefined): boolean {
  return group === key && group !== identifierOf(id);
}

function addHeaders(headers: ReadonlyMap<string, string>, native: Map<string, string>, packed: Map<string, string>): void {
  const fitting: [string, string][] = [];
  for (const header of headers) {
    const [name, value] = header;
    if (name === names.trace && isTraceHeader(value)) continue;
    // As attributes these would be read as fields of the message.
    if (isOwn(name) || !fitsAttribute(name, value)) packed.set(name, value);
    else if (first.has(name)) fitting.unshift(header);
    else fitting.push(header);
  }
  const free = maxAttributes - native.size;
  const room = packed.size === 0 && fitting.length <= free ? free : free - 1;
  for (const [index, [name, value]] of fitting.entries()) (index < room ? native : packed).set(name, value);
}

const own: ReadonlySet<string> = new Set(Object.values(names));

function isOwn(name: string): boolean {
  return own.has(name) && name !== names.trace;
}

function systemTrace(headers: ReadonlyMap<string, string>): string | undefined {
  const given = headers.get(names.trace);
  if (given !== undefined && isTraceHeader(given)) return given;
  const parent = headers.get('traceparent');
  return parent === undefined ? undefined : traceHeaderOf(parent);
}

function dedupeId(message: WireMessage, form: WireForm): string {
  return form.dedupe === 'fresh' ? randomUUID() : identifierOf(message.dedupeId ?? message.id);
}

function delaySeconds(delayMs: number, form: WireForm): number {
  if (form.groups === 'fifo') {
    throw refusal('unsupported', `${form.place} is a FIFO queue, which cannot delay single messages`, form);
  }
  const seconds = Math.ceil(delayMs / 1_000);
  if (seconds <= maxDelaySeconds) return Math.max(0, seconds);
  throw refusal('invalid-argument', `${form.place} cannot delay a message by ${delayMs} ms: ${maxDelaySeconds} s is the most`, form);
}

function tooLarge(bytes: number, form: WireForm): IntermodalError {
  const text = `the message is ${bytes} bytes with its attributes, and ${form.place} takes ${form.maxMessageBytes}`;
  return refusal('too-large', `${text}: send less, or store the body elsewhere and send where it is`, form);
}

function refusal(code: 'too-large' | 'unsupported' | 'invalid-argument', text: string, form: WireForm): IntermodalError {
  return new IntermodalError(code, text, { transport: 'sqs', address: form.place });
}
