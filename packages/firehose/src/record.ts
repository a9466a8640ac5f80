import {
  bodyBytes,
  encodeEnvelope,
  IntermodalError,
  type WireMessage,
} from '@intermodal/core/driver';

/** How messages to one delivery stream are written. */
export interface RecordForm {
  readonly envelope: 'cloudevents' | 'none';
  readonly delimiter: string;
  /** For error messages. */
  readonly place: string;
}

/** Of one record, before base64. @see https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
export const maxRecordBytes = 1_024_000;

/** The data of the record. @throws `too-large`, `invalid-message`, `invalid-argument` */
export function writeRecord(message: WireMessage, form: RecordForm): Uint8Array {
  const data = dataOf(message, form);
  if (data.byteLength <= maxRecordBytes) return data;
  const text = `the record is ${data.byteLength} bytes, and ${form.place} takes ${maxRecordBytes}: send less, or store the body elsewhere and send where it is`;
  throw refusal('too-large', text, form);
}

function dataOf(message: WireMessage, form: RecordForm): Uint8Array {
  const { delimiter } = form;
  if (form.envelope === 'cloudevents') return bodyBytes(encodeEnvelope(message) + delimiter);
  if (message.headers.size > 0) {
    const text = `${form.place}: records without an envelope carry no headers: leave them out, or use the envelope`;
    throw refusal('invalid-message', text, form);
  }
  const { body } = message;
  if (typeof body === 'string') return bodyBytes(body + delimiter);
  return delimiter === '' ? body : Buffer.concat([body, bodyBytes(delimiter)]);
}

function refusal(
  code: 'too-large' | 'invalid-message',
  text: string,
  form: RecordForm,
): IntermodalError {
  return new IntermodalError(code, text, { transport: 'firehose', address: form.place });
}
