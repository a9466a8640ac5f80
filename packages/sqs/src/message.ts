import { randomUUID } from 'node:crypto';
import type { MessageAttributeValue, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { IntermodalError, packHeaders, type WireMessage, wireNames } from '@intermodal/core/driver';
import {
  encodeBody,
  fitsAttribute,
  identifierOf,
  isText,
  isTraceHeader,
  maxNameBytes,
  traceHeaderOf,
} from './wire-text.ts';

/** How messages to one queue or topic are written. */
export interface WireForm {
  /** `fifo`: groups order; `fair`: the key is a group that orders nothing; `plain`: no groups. */
  readonly groups: 'fifo' | 'fair' | 'plain';
  /**
   * `fresh`: one that comes twice within five minutes is no repeat. So for dead letters: SQS would take the second,
   * store nothing, and its original would then be acknowledged and lost.
   */
  readonly dedupe: 'by-id' | 'fresh';
  /** What takes them: SNS hands them on as they are, and has no place of its own for X-Ray's trace header. */
  readonly service: 'sqs' | 'sns';
  /** Headers that travel as another type than String, for the filters of SNS. */
  readonly dataTypes?: Readonly<Record<string, string>> | undefined;
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

/** Names that this transport gives a meaning beside the wire format's own. */
export const contentTypeName = 'content-type';
export const traceName = 'x-amzn-trace-id';

const maxAttributes = 10;
const maxDelaySeconds = 900;
const textType = 'String';

/** @throws `too-large`, `invalid-message`, `invalid-argument`, `unsupported` */
export function writeEntry(message: WireMessage, form: WireForm): WrittenEntry {
  const body = encodeBody(message.body);
  const group = form.groups === 'plain' ? undefined : identifierOf(message.key ?? message.id);
  const own = ownAttributes(message, group, body.base64);
  const { native, packed } = packHeaders(headersOf(message, own, form), {
    maxCount: maxAttributes - own.size,
    maxNameBytes,
    // As an attribute of its own it would be read as a field of the message.
    isNative: (name, value) => name !== contentTypeName && fitsAttribute(name, value),
  });
  if (packed !== undefined) own.set(wireNames.headers, packed);

  let bytes = Buffer.byteLength(body.text);
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const texts of [own, native]) {
    for (const [name, value] of texts) {
      const dataType = dataTypeOf(name, form);
      bytes += name.length + dataType.length + Buffer.byteLength(value);
      attributes[name] = { DataType: dataType, StringValue: value };
    }
  }
  if (bytes > form.maxMessageBytes) throw tooLarge(bytes, form);

  const entry: Entry = { MessageBody: body.text, MessageAttributes: attributes };
  const trace = form.service === 'sqs' ? systemTrace(message.headers) : undefined;
  if (trace !== undefined)
    entry.MessageSystemAttributes = {
      AWSTraceHeader: { DataType: textType, StringValue: trace },
    };
  if (message.delayMs !== undefined) entry.DelaySeconds = delaySeconds(message.delayMs, form);
  if (group !== undefined) entry.MessageGroupId = group;
  if (form.groups === 'fifo') entry.MessageDeduplicationId = dedupeId(message, form);
  return { entry, bytes, lane: form.groups === 'fifo' ? group : undefined };
}

function dataTypeOf(name: string, { dataTypes }: WireForm): string {
  if (dataTypes === undefined || !Object.hasOwn(dataTypes, name)) return textType;
  return dataTypes[name] ?? textType;
}

function ownAttributes(
  message: WireMessage,
  group: string | undefined,
  base64: boolean,
): Map<string, string> {
  const own = new Map<string, string>();
  if (isText(message.id)) own.set(wireNames.id, message.id);
  if (message.publishedAt !== undefined) own.set(wireNames.time, String(message.publishedAt));
  if (message.key !== undefined && isText(message.key) && !isSaidBy(group, message))
    own.set(wireNames.key, message.key);
  if (base64) own.set(wireNames.encoding, 'base64');
  if (message.contentType !== undefined) own.set(contentTypeName, message.contentType);
  return own;
}

/** A group that is the id's own means a message without a key, so a key like that must be said besides. */
function isSaidBy(group: string | undefined, { id, key }: WireMessage): boolean {
  return group === key && group !== identifierOf(id);
}

/** The headers that travel as such, and the id and key that no attribute can hold. */
function headersOf(
  message: WireMessage,
  own: ReadonlyMap<string, string>,
  form: WireForm,
): ReadonlyMap<string, string> {
  const { id, key, headers } = message;
  const trace = form.service === 'sqs' ? headers.get(traceName) : undefined;
  const isSystem = trace !== undefined && isTraceHeader(trace);
  const hiddenKey = key !== undefined && !isText(key);
  if (!isSystem && !hiddenKey && own.has(wireNames.id)) return headers;
  const all = new Map(headers);
  if (isSystem) all.delete(traceName);
  if (hiddenKey) all.set(wireNames.key, key);
  if (!own.has(wireNames.id)) all.set(wireNames.id, id);
  return all;
}

function systemTrace(headers: ReadonlyMap<string, string>): string | undefined {
  const given = headers.get(traceName);
  if (given !== undefined && isTraceHeader(given)) return given;
  const parent = headers.get('traceparent');
  return parent === undefined ? undefined : traceHeaderOf(parent);
}

function dedupeId(message: WireMessage, form: WireForm): string {
  return form.dedupe === 'fresh' ? randomUUID() : identifierOf(message.dedupeId ?? message.id);
}

function delaySeconds(delayMs: number, form: WireForm): number {
  if (form.groups === 'fifo') {
    throw refusal(
      'unsupported',
      `${form.place} is a FIFO queue, which cannot delay single messages`,
      form,
    );
  }
  const seconds = Math.ceil(delayMs / 1_000);
  if (seconds <= maxDelaySeconds) return Math.max(0, seconds);
  throw refusal(
    'invalid-argument',
    `${form.place} cannot delay a message by ${delayMs} ms: ${maxDelaySeconds} s is the most`,
    form,
  );
}

function tooLarge(bytes: number, form: WireForm): IntermodalError {
  const text = `the message is ${bytes} bytes with its attributes, and ${form.place} takes ${form.maxMessageBytes}`;
  return refusal(
    'too-large',
    `${text}: send less, or store the body elsewhere and send where it is`,
    form,
  );
}

function refusal(
  code: 'too-large' | 'unsupported' | 'invalid-argument',
  text: string,
  form: WireForm,
): IntermodalError {
  return new IntermodalError(code, text, { transport: form.service, address: form.place });
}
