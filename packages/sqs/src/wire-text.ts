import { createHash } from 'node:crypto';
import { bodyBytes, IntermodalError } from '@intermodal/core/driver';

/**
 * Anything that SQS refuses in a body or a string attribute, lone surrogates included.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const illegal = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const attributeName = /^(?!aws\.|amazon\.)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/i;
export const maxNameBytes = 256;
/** ASCII letters, digits and punctuation: what a message group and a deduplication id may be. */
const identifier = /^[!-~]{1,128}$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface EncodedBody {
  readonly text: string;
  readonly base64: boolean;
}

/** The body as SQS can carry it: as it is where it is legal text, else in base64. @throws `invalid-message` */
export function encodeBody(body: string | Uint8Array): EncodedBody {
  const text = typeof body === 'string' ? body : asText(body);
  if (text !== undefined && isText(text)) return { text, base64: false };
  if (typeof body === 'string' && /\p{Surrogate}/u.test(body)) {
    // UTF-8 has no lone surrogates: any encoding would change the body without a word.
    throw new IntermodalError(
      'invalid-message',
      'the body holds half of a surrogate pair, which no UTF-8 text can: send bytes',
    );
  }
  const bytes = bodyBytes(body);
  // SQS takes no empty body; a line break is base64 of nothing to every decoder that allows for wrapped lines.
  if (bytes.length === 0) return { text: '\n', base64: true };
  return {
    text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
    base64: true,
  };
}

/** @throws `invalid-message` */
export function decodeBody(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is not base64 instead of refusing it.
  if (unpadded(bytes.toString('base64')) === unpadded(text.replaceAll(/\s/g, '')))
    return new Uint8Array(bytes);
  throw new IntermodalError(
    'invalid-message',
    "the body is marked as base64 by 'imenc' and is not",
  );
}

function unpadded(text: string): string {
  return text.replace(/={1,2}$/, '');
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether SQS takes it as a body or an attribute's value without changing it. */
export function isText(value: string): boolean {
  return value !== '' && !illegal.test(value);
}

/** Whether SQS takes it as a string attribute, and the SDK's plain objects too. */
export function fitsAttribute(name: string, value: string): boolean {
  return (
    name !== '__proto__' && name.length <= maxNameBytes && attributeName.test(name) && isText(value)
  );
}

/** `text` itself where SQS takes it as a message group or deduplication id, else its hash. */
export function identifierOf(text: string): string {
  return identifier.test(text) ? text : createHash('sha256').update(text).digest('hex');
}

const traceparent = /^00-([0-9a-f]{8})([0-9a-f]{24})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The trace of a W3C `traceparent` as AWS X-Ray writes it. @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html */
export function traceHeaderOf(parent: string): string | undefined {
  const parts = traceparent.exec(parent);
  if (parts === null) return undefined;
  const sampled = Number.parseInt(parts[4] ?? '0', 16) & 1;
  return `Root=1-${parts[1]}-${parts[2]};Parent=${parts[3]};Sampled=${sampled}`;
}

/** SQS refuses a system trace header that is written otherwise. */
export function isTraceHeader(value: string): boolean {
  return /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;[A-Za-z]+=[!-:<-~]+)*$/.test(value);
}

/** Whether the bytes that arrived are those that the queue took. */
export function matchesMd5(text: string, md5: string | undefined): boolean {
  return md5 === undefined || createHash('md5').update(text).digest('hex') === md5.toLowerCase();
}

/** False on hosts in FIPS mode. */
export function hasMd5(): boolean {
  try {
    createHash('md5');
    return true;
  } catch {
    return false;
  }
}
