import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { bodyText, type EndpointRequest } from '@intermodal/core/driver';

const unzip = promisify(gunzip);

/** A request of Firehose, understood. */
export interface FirehoseRequest {
  /** Stays the same when Firehose repeats the request. */
  readonly requestId: string;
  /** Undefined where it is not said. */
  readonly sourceArn: string | undefined;
  /** When Firehose made the request. */
  readonly timestamp: number;
  readonly commonAttributes: Readonly<Record<string, string>>;
  /** Base64 if all is well. */
  readonly records: readonly unknown[];
  /** Of the records: a request that has the id of another one and says something else is not its repetition. */
  readonly digest: string;
}

/** Why a request cannot be understood; the text is for the operator of the delivery stream. */
export class Misunderstanding extends Error {
  override readonly name = 'Misunderstanding';
}

export const requestIdHeader = 'x-amz-firehose-request-id';
export const accessKeyHeader = 'x-amz-firehose-access-key';
export const versionHeader = 'x-amz-firehose-protocol-version';
const sourceHeader = 'x-amz-firehose-source-arn';
const attributesHeader = 'x-amz-firehose-common-attributes';

const maxRecords = 10_000;
const maxIdLength = 256;

/** @throws Misunderstanding */
export async function readRequest(
  { headers, body }: Pick<EndpointRequest, 'headers' | 'body'>,
  maxBodyBytes: number,
): Promise<FirehoseRequest> {
  const said = objectIn(await unpacked(headers.get('content-encoding'), body, maxBodyBytes));
  const { records, timestamp } = said;
  const requestId = headers.get(requestIdHeader) ?? said['requestId'];
  if (typeof requestId !== 'string' || requestId === '' || requestId.length > maxIdLength)
    throw new Misunderstanding('the request has no id');
  if ('requestId' in said && said['requestId'] !== requestId)
    throw new Misunderstanding('the request has one id in its header and another in its body');
  if (!Array.isArray(records)) throw new Misunderstanding('the request has no list of records');
  if (records.length > maxRecords)
    throw new Misunderstanding(`the request has more than ${maxRecords} records`);
  const data = (records as readonly unknown[]).map(dataOf);
  return {
    requestId,
    sourceArn: headers.get(sourceHeader) ?? undefined,
    timestamp: typeof timestamp === 'number' ? timestamp : 0,
    commonAttributes: attributesIn(headers.get(attributesHeader)),
    records: data,
    digest: digestOf(data),
  };
}

async function unpacked(
  encoding: string | null,
  body: Uint8Array,
  maxBodyBytes: number,
): Promise<Uint8Array> {
  if (encoding === null || encoding === '' || encoding.toLowerCase() === 'identity') return body;
  if (encoding.toLowerCase() !== 'gzip')
    throw new Misunderstanding('the body is compressed in another way than gzip');
  try {
    return await unzip(body, { maxOutputLength: maxBodyBytes });
  } catch (cause) {
    const isTooLarge = cause instanceof RangeError;
    const what = isTooLarge ? `has more than ${maxBodyBytes} bytes unpacked` : 'is not gzip';
    throw new Misunderstanding(`the body ${what}`);
  }
}

function objectIn(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(bodyText(body)));
  } catch {
    // The parser's own message quotes the text.
    throw new Misunderstanding('the body is not a JSON object');
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new Misunderstanding('it is not an object');
}

/** A record that is none is bad alone, as one that is not base64. */
function dataOf(record: unknown): unknown {
  return typeof record === 'object' && record !== null ? Reflect.get(record, 'data') : undefined;
}

function attributesIn(header: string | null): Readonly<Record<string, string>> {
  if (header === null) return {};
  try {
    const { commonAttributes = {} } = objectOf(JSON.parse(header));
    const pairs = Object.entries(objectOf(commonAttributes));
    return Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]));
  } catch {
    throw new Misunderstanding('the common attributes are not the JSON that they should be');
  }
}

function digestOf(records: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const data of records) hash.update(typeof data === 'string' ? data : ' ').update('\n');
  return hash.digest('base64');
}
