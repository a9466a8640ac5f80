import { hash } from 'node:crypto';
import { encodeEnvelope, IntermodalError, type WireMessage } from '@intermodal/core/driver';
import { isDecimalHashKey } from './hash-key.ts';

/** How messages to one stream are written. */
export interface RecordForm {
  readonly envelope: 'cloudevents' | 'none';
  /** `none`: the stream shares records out by itself and keeps no order. */
  readonly keys: 'partition' | 'none';
  /** Of data and partition key. */
  readonly maxRecordBytes: number;
  readonly hashKey: ((message: WireMessage) => string | undefined) | undefined;
  /** Whom alone it is for, where a message is moved back to the group that had it as a dead letter. */
  readonly onlyGroup: string | undefined;
  /** For error messages. */
  readonly place: string;
}

/** A message as one record. */
export interface RecordEntry {
  /** Text becomes bytes only where it is written. */
  readonly data: string | Uint8Array;
  readonly dataBytes: number;
  readonly partitionKey: string;
  readonly keyBytes: number;
  /** Decimal. */
  readonly hashKey: string | undefined;
  /** Without a key of its own it may go to any shard. */
  readonly keyed: boolean;
}

/** Of the header `imctl`: readers that do not know it never hand such a message to a handler. */
export const redriveControl = 'redrive:';

const maxKeyLength = 256;

/** @throws `too-large`, `invalid-message`, `invalid-argument`, `unsupported` */
export function writeRecord(message: WireMessage, form: RecordForm): RecordEntry {
  const { key } = message;
  if (key !== undefined && form.keys === 'none') {
    const text = `${form.place} shares its records out by itself (AUTO) and keeps no order of keys: send without a key, or set its distribution to USER_PARTITION_KEY`;
    throw refusal('unsupported', text, form);
  }
  const data = dataOf(message, form);
  const partitionKey = partitionKeyOf(key ?? message.id, form);
  const dataBytes = Buffer.byteLength(data);
  const keyBytes = Buffer.byteLength(partitionKey);
  const bytes = dataBytes + keyBytes;
  if (bytes > form.maxRecordBytes) {
    const text = `the record is ${bytes} bytes with its key, and ${form.place} takes ${form.maxRecordBytes}: send less, or store the body elsewhere and send where it is`;
    throw refusal('too-large', text, form);
  }
  const hashKey = hashKeyOf(message, form);
  return { data, dataBytes, partitionKey, keyBytes, hashKey, keyed: key !== undefined };
}

function dataOf(message: WireMessage, form: RecordForm): string | Uint8Array {
  const { onlyGroup } = form;
  if (form.envelope === 'cloudevents') {
    if (onlyGroup === undefined) return encodeEnvelope(message);
    const headers = new Map(message.headers).set('imctl', `${redriveControl}${onlyGroup}`);
    return encodeEnvelope({ ...message, headers });
  }
  if (onlyGroup !== undefined) {
    const text = `${form.place}: records without an envelope cannot be meant for one group: move them with a program of your own`;
    throw refusal('unsupported', text, form);
  }
  if (message.headers.size > 0) {
    const text = `${form.place}: records without an envelope carry no headers: leave them out, or use the envelope`;
    throw refusal('invalid-message', text, form);
  }
  return message.body;
}

function partitionKeyOf(key: string, form: RecordForm): string {
  // Characters, where a pair of surrogates is one.
  const fits = key !== '' && (key.length <= maxKeyLength || Array.from(key).length <= maxKeyLength);
  if (fits && key.isWellFormed()) return key;
  if (form.envelope === 'cloudevents') return hash('sha256', key, 'hex');
  const text = `${form.place}: a partition key has 1 to ${maxKeyLength} characters`;
  throw refusal('invalid-message', text, form);
}

function hashKeyOf(message: WireMessage, form: RecordForm): string | undefined {
  const hashKey = form.hashKey?.(message);
  if (hashKey === undefined || isDecimalHashKey(hashKey)) return hashKey;
  const text = `${form.place}: the option hashKey must return decimal numbers from 0 to 2^128 - 1`;
  throw refusal('invalid-argument', text, form);
}

function refusal(
  code: 'too-large' | 'unsupported' | 'invalid-argument' | 'invalid-message',
  text: string,
  form: RecordForm,
): IntermodalError {
  return new IntermodalError(code, text, { transport: 'kinesis', address: form.place });
}
