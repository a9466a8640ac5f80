import { IntermodalError } from './error.ts';
import { tracingNames, wireNames } from './header-packing.ts';

/**
 * The rules for CloudEvents attributes.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md section "Context Attributes"
 */
export const specVersion = '1.0';

export const eventContentType = 'application/cloudevents+json';

/** What a header is called, on every transport, that is an attribute of the event: `ce-subject` and the like. */
export const attributeHeaderPrefix = 'ce-';

/** Standard extension for what must stay together; messages of one key do. */
export const keyAttribute = 'partitionkey';

/** These have a field in a message; a header cannot set them. */
export const fieldAttributes: ReadonlyMap<string, string> = new Map([
  ['id', "it is the message's id: give the option 'id'"],
  ['time', 'it is when the message is published'],
  ['specversion', `it is always ${specVersion}`],
  ['datacontenttype', "it is the content type of the channel's codec"],
  [keyAttribute, "it is the message's key: give the option 'key'"],
  ['data', 'it is the body'],
  ['data_base64', 'it is the body'],
  [wireNames.key, 'Intermodal uses this name itself'],
  [wireNames.headers, 'Intermodal uses this name itself'],
]);

/** Attributes that the specification itself names, without the data. */
export const coreAttributes: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'dataschema',
  'datacontenttype',
  keyAttribute,
]);

const attributeName = /^[a-z0-9]+$/;
const notInText = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
const uriReference = /^[^\s"<>\\^`{|}\p{Cc}\p{Cs}]+$/u;

function isAttributeName(name: string): boolean {
  return attributeName.test(name);
}

/** Whether the text is a CloudEvents String. */
export function isAttributeText(value: string): boolean {
  return !notInText.test(value);
}

/** @throws `invalid-argument`, without the value */
export function checkAttribute(name: string, value: string, from: string): void {
  const trouble = attributeTrouble(name, value);
  if (trouble !== undefined) throw new IntermodalError('invalid-argument', `${from}: ${trouble}`);
}

function attributeTrouble(name: string, value: string): string | undefined {
  if (!isAttributeName(name)) return 'CloudEvents attributes are named with a-z and 0-9 only';
  if (value === '' && coreAttributes.has(name))
    return `the CloudEvents attribute '${name}' must not be empty`;
  if (!isAttributeText(value))
    return 'a CloudEvents attribute has no control characters and no noncharacters';
  if ((name === 'source' || name === 'dataschema') && !uriReference.test(value)) {
    return `the CloudEvents attribute '${name}' must be a URI`;
  }
  return undefined;
}

export function defaultSource(channel: string): string {
  return `urn:intermodal:${channel}`;
}

export function malformedEvent(what: string): IntermodalError {
  return new IntermodalError(
    'invalid-message',
    `this is not a CloudEvent of version ${specVersion}: ${what}`,
  );
}

const timestamp = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

let formatted = { publishedAt: NaN, text: '' };

/** RFC 3339 in UTC. */
export function formatTime(publishedAt: number): string {
  // Messages of one batch mostly share their millisecond.
  if (formatted.publishedAt === publishedAt) return formatted.text;
  const time = new Date(publishedAt);
  const year = time.getUTCFullYear();
  // A date that is none has the year NaN; RFC 3339 has four digits of year.
  if (!(year >= 0 && year <= 9999)) {
    throw new IntermodalError(
      'invalid-argument',
      'the time of publishing is not within the years 0 to 9999',
    );
  }
  formatted = { publishedAt, text: time.toISOString() };
  return formatted.text;
}

/** @throws `invalid-message` */
export function parseTime(value: string): number {
  const [, date, minutes, seconds, fraction, zone] = timestamp.exec(value) ?? [];
  if (date === undefined) throw malformedEvent("'time' is not a timestamp of RFC 3339");
  // A leap second is legal there and unknown to Date.
  const second = seconds === '60' ? '59' : seconds;
  const parsed = Date.parse(
    `${date}T${minutes}:${second}${(fraction ?? '').slice(0, 4)}${zone?.toUpperCase()}`,
  );
  if (Number.isNaN(parsed)) throw malformedEvent("'time' is not a timestamp of RFC 3339");
  return parsed;
}

/** The media type alone, lower-case: `text/plain; charset=utf-8` is `text/plain`. */
export function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/** Whether data of this type stands in an envelope as JSON; undeclared data does. */
export function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === 'application/json') return true;
  return /\/(?:.*\+)?json$/.test(mediaType(contentType));
}

/**
 * Attributes as headers: `ce-subject`, but `traceparent` as everywhere. A source and a type that say nothing new are left
 * out.
 */
export function attributesToHeaders(
  attributes: Iterable<readonly [string, string]>,
  channel: string,
): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of attributes) {
    if (name === 'source' && value === defaultSource(channel)) continue;
    if (name === 'type' && value === channel) continue;
    headers.set(tracingNames.has(name) ? name : `${attributeHeaderPrefix}${name}`, value);
  }
  return headers;
}
